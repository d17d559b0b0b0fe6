"""The proof's page in three steps, as a town's technician clicks through it, without JavaScript."""

import hashlib
import re
from datetime import timedelta

import pytest

from elaastic.models import RestoreTest, Subscription
from elaastic.services import arriving
from provisioning.services.clock import now
from tests.elaastic.views.pages import Pages, words


def begun(pages: Pages, tool: str = "restic") -> Subscription:
    row = pages.active()
    answer = pages.post("owner", f"/subscriptions/{row.public_id}/proof/", {"archive": "protocollo", "tool": tool})
    assert answer.status_code == 302
    return row


def arrived(row: Subscription) -> None:
    """A worker saw a copy that came after the proof file was handed out."""
    from tests.elaastic.services.test_services_watching import sampled

    sampled(row, newest_hours=-0.01, archive="protocollo")
    RestoreTest.objects.update(look_due=now() - timedelta(seconds=1))
    arriving.tick()


def test_the_proof_file_goes_out_comes_back_and_the_page_says_verified(pages: Pages) -> None:
    row = begun(pages)
    page = f"/subscriptions/{row.public_id}/proof/"
    file = pages.get("owner", f"{page}file/")
    name = re.search(r'filename="(.+)"', file["Content-Disposition"])
    assert name is not None
    assert name[1] in words(pages.get("owner", page))
    arrived(row)
    assert pages.get("owner", f"{page}file/").status_code == 404, "from now on it comes out of the backup"
    shown = words(pages.get("owner", page))
    assert f"restic restore latest --no-lock --include {name[1]}" in shown
    wrong = pages.post("owner", f"{page}answer/", {"sha256": "0" * 64})
    assert wrong.status_code == 400
    assert "Non è quello che doveva tornare" in words(wrong)
    right = pages.post("owner", f"{page}answer/", {"sha256": hashlib.sha256(file.content).hexdigest()})
    assert right.status_code == 302
    assert "Superata" in words(pages.get("owner", page))
    assert "Attiva e verificata" in words(pages.get("owner", f"/subscriptions/{row.public_id}/"))
    assert "Attiva e verificata" in words(pages.get("operator", "/subscriptions/"))


def test_who_only_looks_sees_it_and_cannot_act(pages: Pages) -> None:
    row = begun(pages)
    page = f"/subscriptions/{row.public_id}/proof/"
    for who in ("viewer", "operator", "auditor"):
        assert "<form" not in words(pages.get(who, page)).split("<main")[1].split("</main")[0]
        for act in ("", "answer/", "stop/"):
            assert pages.post(who, page + act, {"archive": "protocollo", "tool": "restic"}).status_code == 403
        assert pages.get(who, f"{page}file/").status_code == 403
    for act in ("", "answer/", "stop/"):
        assert pages.post("stranger", page + act).status_code == 404
    assert pages.get("stranger", page).status_code == 404


def test_i_cannot_restore_is_a_result(pages: Pages) -> None:
    row = begun(pages)
    arrived(row)
    page = f"/subscriptions/{row.public_id}/proof/"
    assert pages.post("owner", f"{page}stop/", {"failed": "yes"}).status_code == 302
    assert "Non superata" in words(pages.get("owner", page))
    row.refresh_from_db()
    assert row.verified_at is None


def test_looking_now_is_asked_for_and_said(pages: Pages) -> None:
    row = pages.active()
    page = f"/subscriptions/{row.public_id}/"
    assert "Guarda adesso" in words(pages.get("owner", page))
    assert pages.post("owner", f"{page}look/").status_code == 302
    assert "Il portale sta guardando negli archivi" in words(pages.get("owner", page))
    row.refresh_from_db()
    assert row.look_due is not None
    assert pages.post("viewer", f"{page}look/").status_code == 403
    assert pages.post("stranger", f"{page}look/").status_code == 404


@pytest.mark.parametrize(
    "typed", [{}, {"archive": "altro", "tool": "restic"}, {"archive": "protocollo", "tool": "x"}]
)
def test_what_cannot_be_meant_is_said_beside_its_field(pages: Pages, typed: dict[str, str]) -> None:
    row = pages.active()
    answer = pages.post("owner", f"/subscriptions/{row.public_id}/proof/", typed)
    assert answer.status_code == 400
    assert not RestoreTest.objects.exists()


def test_who_looks_twice_in_a_minute_reads_why_nothing_happened(pages: Pages) -> None:
    path = f"/subscriptions/{pages.active().public_id}/look/"
    assert pages.post("owner", path).status_code == 302
    again = pages.client("owner").post(path, follow=True)
    assert again.status_code == 200
    assert "aspetta un minuto" in words(again)


def test_what_is_suspended_is_offered_what_can_be_proven_now(pages: Pages) -> None:
    row = pages.active()
    page = f"/subscriptions/{row.public_id}/proof/"
    Subscription.objects.update(mode={"suspended": True}, suspended_at=now())
    shown = words(pages.get("owner", page))
    assert "La scrittura è sospesa" in shown
    assert ('value="rclone"' in shown, 'value="restic"' in shown) == (True, False)
    assert pages.post("owner", page, {"archive": "protocollo", "tool": "restic"}).status_code == 400
    assert not RestoreTest.objects.exists()


def test_a_proof_file_that_no_copy_will_take_says_so(pages: Pages) -> None:
    row = begun(pages)
    page = f"/subscriptions/{row.public_id}/proof/"
    said = "nessuna copia prende il file"
    assert said not in words(pages.get("owner", page))
    Subscription.objects.update(mode={"suspended": True}, suspended_at=now())
    assert said in words(pages.get("owner", page))
    arrived(row)
    assert "Passo 2 di 2" in words(pages.get("owner", page)), "it had been copied before"


def test_who_leaves_begins_no_test_and_is_told_what_the_key_opens(pages: Pages) -> None:
    row = pages.active()
    page = f"/subscriptions/{row.public_id}/proof/"
    Subscription.objects.update(mode={"leaving": True}, leave_requested_at=now())
    assert "La tua chiave di ripristino apre ancora ogni copia" in words(pages.get("owner", page))
    answer = pages.post("owner", page, {"archive": "protocollo", "tool": "rclone"})
    assert (answer.status_code, RestoreTest.objects.count()) == (409, 0)
