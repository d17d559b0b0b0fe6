"""The request's page: the same plan on both sides, the yes, the no, and what a second click gets."""

from elaastic.models import Decision, Request, RequestState
from elaastic.selectors.subscriptions import state_of
from provisioning.selectors.capacity import rooms
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.elaastic.views.pages import TYPED, Pages, words


def test_town_and_region_read_the_same_plan(pages: Pages) -> None:
    path = f"/requests/{pages.asked().public_id}/"
    town, region = (words(pages.get(who, path)) for who in ("owner", "approver"))
    for said in (
        "Archivio «protocollo»",
        "9 da creare",
        "0 GiB → 100 GiB di 10.000 GiB",
        "Ancona, Macerata, Pesaro",
    ):
        assert said in town, said
        assert said in region, said
    assert "Approva questo piano" in region
    assert "Approva questo piano" not in town


def test_the_plan_says_how_the_archives_are_reached_and_a_change_of_it_what_differs(pages: Pages) -> None:
    ticked = {"way-sftp": "on", "way-swift": "on"}
    first = pages.asked(**ticked)
    page = words(pages.get("approver", f"/requests/{first.public_id}/"))
    for said in ("10 da creare", "Accesso per SFTP e WebDAV", "S3, SFTP", "Apre anche Swift"):
        assert said in page, said
    assert pages.approves(first).status_code == 302
    workers_bring_everything_up()
    body = {**TYPED, "way-webdav": "on", "step": "send", "archive-0-immutability": "none"}
    sent = pages.post("owner", f"/subscriptions/{first.subscription.public_id}/change/", body)
    assert sent.status_code == 302, words(sent)
    workers_make_plans()
    change = Request.objects.latest("pk")
    assert change.terms["protocols"] == ["s3", "webdav"]
    page = words(pages.get("approver", f"/requests/{change.public_id}/"))
    for said in ("<del>S3, SFTP</del>", "<ins>S3, WebDAV</ins>", "Apre anche Swift: <del>sì</del>"):
        assert said in page, said


def test_a_yes_needs_the_digest_of_the_plan_that_was_read(pages: Pages) -> None:
    request = pages.asked()
    refused = pages.approves(request, digest="0" * 64)
    assert refused.status_code == 409
    assert "Qualcosa è cambiato" in words(refused)
    assert "Il tuo clic non ha cambiato niente" in words(refused)
    assert all(room.used == 0 for room in rooms())
    workers_make_plans()
    assert pages.approves(request).status_code == 302
    assert all(room.used == 100 for room in rooms())


def test_a_second_yes_is_answered_with_a_sentence(pages: Pages) -> None:
    request = pages.asked()
    assert pages.approves(request).status_code == 302
    again = pages.approves(request)
    assert again.status_code == 409
    assert "già stata decisa" in words(again)
    assert all(room.used == 100 for room in rooms())


def test_whoever_asked_cannot_decide_and_is_told_so(pages: Pages) -> None:
    request = pages.asked()
    Request.objects.filter(pk=request.pk).update(requested_by=pages.world["approver"].user)
    assert "Questa richiesta l'hai fatta tu" in words(pages.get("approver", f"/requests/{request.public_id}/"))
    refused = pages.approves(request)
    assert refused.status_code == 403
    assert "un altro approvatore" in words(refused)
    request.refresh_from_db()
    assert request.decision == Decision.OPEN


def test_a_no_needs_a_reason_and_the_town_reads_it(pages: Pages) -> None:
    request = pages.asked()
    path = f"/requests/{request.public_id}/reject/"
    silent = pages.post("approver", path, {"note": "  "})
    assert silent.status_code == 400
    assert "Scrivi il motivo" in words(silent)
    assert pages.post("approver", path, {"note": "Bastano 50 GiB."}).status_code == 302
    assert "Bastano 50 GiB." in words(pages.get("owner", f"/requests/{request.public_id}/"))
    assert pages.post("approver", path, {"note": "Ancora."}).status_code == 409
    assert pages.asks().status_code == 302, "one may ask again at once"


def test_a_request_is_withdrawn_on_a_page_of_its_own_and_once(pages: Pages) -> None:
    request = pages.asked()
    path = f"/requests/{request.public_id}/withdraw/"
    assert pages.get("owner", path).status_code == 200
    request.refresh_from_db()
    assert request.decision == Decision.OPEN, "looking at the question is no answer"
    assert pages.post("owner", path).status_code == 302
    assert pages.post("owner", path).status_code == 409
    request.refresh_from_db()
    assert state_of(request) == RequestState.WITHDRAWN


def test_what_no_longer_fits_is_refused_with_a_sentence_and_holds_nothing(pages: Pages) -> None:
    from provisioning.models import CapacityRow

    request = pages.asked()
    CapacityRow.objects.update(total=50)
    assert "Oggi non ci sta" in words(pages.get("approver", f"/requests/{request.public_id}/"))
    refused = pages.approves(request)
    assert refused.status_code == 409
    assert "ancona" in words(refused).lower()
    assert all(room.used == 0 for room in rooms())


def test_the_queue_filters_by_state_and_saves_as_csv(pages: Pages) -> None:
    request = pages.asked()
    name = request.subscription.authority.name
    assert name in words(pages.get("approver", "/requests/"))
    assert name not in words(pages.get("approver", "/requests/", state="rejected"))
    saved = pages.get("approver", "/requests/", state="all", format="csv")
    assert saved["Content-Type"] == "text/csv; charset=utf-8"
    assert name in saved.content.decode()
    assert len(saved.content.decode().strip().splitlines()) == 2


def test_the_refreshing_part_says_nothing_while_nothing_moves(pages: Pages) -> None:
    assert pages.asks().status_code == 302
    request = Request.objects.get()
    live = f"/requests/{request.public_id}/live/"
    page = words(pages.get("owner", f"/requests/{request.public_id}/"))
    seen = page.partition("live/?seen=")[2].partition('"')[0]
    assert pages.get("owner", live, seen=seen).status_code == 204
    workers_make_plans()
    moved = pages.get("owner", live, seen=seen)
    assert moved.status_code == 200
    assert "hx-get" not in words(moved), "at rest it asks no more"
