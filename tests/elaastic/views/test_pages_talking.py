"""Question, other terms and many decisions, clicked."""

from elaastic.models import Request
from tests.elaastic.prices import publish
from tests.elaastic.region import workers_make_plans
from tests.elaastic.views.pages import Pages, words


def test_the_region_asks_and_the_town_answers_on_the_requests_page(pages: Pages) -> None:
    asked = pages.asked()
    page = f"/requests/{asked.public_id}/"
    assert "Chiedi altre informazioni…" in words(pages.get("approver", page))
    assert pages.get("approver", f"{page}ask/").status_code == 200
    assert pages.post("approver", f"{page}ask/", {"text": ""}).status_code == 400
    assert pages.post("approver", f"{page}ask/", {"text": "Quanti <b>archivi</b>?"}).status_code == 302
    told = words(pages.get("owner", page))
    assert "La regione ti chiede qualcosa: tocca a te." in told
    assert "La regione ti chiede qualcosa" in words(pages.get("owner", "/"))
    assert "<b>archivi</b>" not in pages.get("owner", page).content.decode()
    assert "La tua risposta" not in words(pages.get("viewer", page))
    empty = pages.post("owner", f"{page}answer/", {"text": " "})
    assert (empty.status_code, "Scrivi ciò che vuoi dire" in words(empty)) == (400, True)
    assert pages.post("owner", f"{page}answer/", {"text": "Due."}).status_code == 302
    assert "Due." in words(pages.get("approver", page))


def test_other_terms_are_shown_as_a_difference_and_accepted_with_one_click(pages: Pages) -> None:
    publish(pages.world)
    asked = pages.asked(quota_gib="500")
    page = f"/requests/{asked.public_id}/"
    assert "40,50 €" in words(pages.get("owner", page))
    typed = {"quota_gib": "0", "retention_days": "30", "note": "Poco spazio."}
    refused = pages.post("approver", f"{page}counter/", typed)
    assert refused.status_code == 400
    assert "quota_gib" in refused.context["form"].errors
    assert pages.post("approver", f"{page}counter/", {**typed, "quota_gib": "200"}).status_code == 302
    shown = pages.get("owner", page)
    assert "<del>500 GiB</del>" in words(shown)
    assert "23,40 €" in words(shown)
    digest = shown.context["counter_digest"]
    assert pages.post("owner", f"{page}accept/", {"counter_digest": "x"}).status_code == 409
    assert pages.post("viewer", f"{page}accept/", {"counter_digest": digest}).status_code == 403
    assert pages.post("owner", f"{page}accept/", {"counter_digest": digest}).status_code == 302
    workers_make_plans()
    asked.refresh_from_db()
    assert asked.terms["quota_gib"] == 200
    assert pages.approves(asked).status_code == 302


def test_several_are_chosen_confirmed_and_each_has_its_result(pages: Pages) -> None:
    first, second = pages.asked("owner"), pages.asked("stranger")
    queue = words(pages.get("approver", "/requests/"))
    assert queue.count('type="checkbox"') == 2
    assert 'type="checkbox"' not in words(pages.get("operator", "/requests/"))
    body = {"request": [str(first.public_id), str(second.public_id), "nonsense"]}
    confirm = pages.client("approver").post("/requests/decisions/", body)
    assert "2 richieste si possono decidere adesso." in words(confirm)
    assert "200 GiB" in words(confirm), "what both do together"
    assert not Request.objects.exclude(decision="").exists()
    digests = {f"digest-{r.public_id}": r.plan_digest for r in Request.objects.all()}
    stale = {**body, **digests, f"digest-{second.public_id}": "0" * 64, "step": "approved", "note": "Bene."}
    done = words(pages.client("approver").post("/requests/decisions/", stale))
    assert "1 su 2 sono state decise come volevi." in done
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.decision, second.decision) == ("approved", "")


def test_a_no_to_several_needs_its_reason(pages: Pages) -> None:
    first = pages.asked("owner")
    body = {"request": [str(first.public_id)], "step": "rejected"}
    refused = pages.client("approver").post("/requests/decisions/", body)
    assert refused.status_code == 400
    assert pages.client("approver").post("/requests/decisions/", {**body, "note": "No."}).status_code == 200
    first.refresh_from_db()
    assert first.decision == "rejected"
    assert pages.post("operator", "/requests/decisions/", {"request": str(first.public_id)}).status_code == 403
    assert pages.post("approver", "/requests/decisions/").status_code == 302


def test_the_page_of_several_costs_the_same_for_two_and_for_three(pages: Pages) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.elaastic.services.town import TERMS
    from tests.personas import details

    asked = [pages.asked("owner"), pages.asked("stranger")]

    def cost() -> int:
        body = {"request": [str(r.public_id) for r in asked]}
        with CaptureQueriesContext(connection) as seen:
            assert pages.client("approver").post("/requests/decisions/", body).status_code == 200
        return len(seen.captured_queries)

    cost()
    before = cost()
    from elaastic.services.asking import request_subscription
    from tenants.services.authorities import register_authority

    for serial in (200, 201, 202):
        town = register_authority(details=details(serial), by=pages.world["operator"].actor)
        asked.append(request_subscription(authority=town, level=1, terms=TERMS, by=pages.world["onboarding"].actor))
    workers_make_plans()
    assert cost() == before
