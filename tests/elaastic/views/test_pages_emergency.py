"""Let in without an account: two operators, a key that only restores, once; and a town handed over."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import Client

from elaastic.models import Subscription
from elaastic.services import changing, emergency, planning
from elaastic.services.asking import withdraw_request
from elaastic.services.collecting import reveal_credential
from tenants.models import AuditEvent, Invitation, Membership, RegionRole, User, WayIn
from tenants.models.errors import Forbidden
from tenants.services import mailing
from tenants.services.people import grant_region_role
from tenants.services.ways_in import confirm_way_in, open_way_in
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.elaastic.views.pages import Pages, words
from tests.personas import PASSWORD

SAID = "Richiamata al numero del sindaco, vista la carta d'identità in video."


@pytest.fixture
def second(pages: Pages) -> str:
    """`nobody` is another operator of the region."""
    grant_region_role(user=pages.world["nobody"].user, role="operator", by=pages.world["administrator"].actor)
    return "nobody"


def _opens(pages: Pages, kind: str = "emergency", who: str = "operator", **more: str) -> Any:
    pages.proves_identity(who)
    body = {"kind": kind, "person_name": "Sindaca Salva", "identified": SAID, **more}
    return pages.post(who, f"/authorities/{pages.world.home.public_id}/ways-in/new/", body)


def _confirms(pages: Pages, who: str) -> Any:
    pages.proves_identity(who)
    return pages.post(who, f"/ways-in/{WayIn.objects.latest('pk').public_id}/", {"identified": SAID})


def _half(answer: Any) -> str:
    found = re.search(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}", words(answer).split('id="half"')[1])
    assert found
    return found[0]


def _types(pages: Pages, first: str, second: str, code: str = "") -> Any:
    body = {"ipa_code": code or pages.world.home.ipa_code, "first": first, "second": second}
    return Client(raise_request_exception=False).post("/emergency/", body)


def test_two_operators_let_somebody_collect_the_key_that_restores_once(pages: Pages, second: str) -> None:
    row = pages.active()
    first_half = _half(_opens(pages))
    assert _types(pages, first_half, first_half).status_code == 400, "one operator alone opens nothing"
    second_half = _half(_confirms(pages, second))
    shown = _types(pages, first_half.lower().replace("-", ""), second_half)
    assert shown.status_code == 200, words(shown)
    assert shown["Cache-Control"] == "no-store, private"
    assert "restic restore latest" in words(shown)
    assert _types(pages, first_half, second_half).status_code == 400, "once"
    acts = list(AuditEvent.objects.order_by("-pk")[:4])
    assert [e.action for e in acts[::-1]] == [
        "emergency.opened", "emergency.confirmed", "emergency.used", "credential.revealed",
    ]  # fmt: skip
    assert acts[0].personal.data["on_behalf_of"] == "Sindaca Salva"
    assert {e.authority_id for e in acts} == {row.authority_id}


def test_a_key_that_was_collected_before_is_renewed_and_lives_on_beside(pages: Pages, second: str) -> None:
    row = pages.active()
    reveal_credential(subscription=row, name="restore", by=pages.world["owner"].actor)
    first_half = _half(_opens(pages))
    second_half = _half(_confirms(pages, second))
    early = _types(pages, first_half, second_half)
    assert early.status_code == 409, "the new key is being made; the halves stay good"
    planning.tick()
    workers_bring_everything_up()
    assert _types(pages, first_half, second_half).status_code == 200
    assert Subscription.objects.get(pk=row.pk).mode["keys"]["restore"] == [2, 1]


def test_a_key_that_must_wait_for_another_request_is_made_by_itself_once_that_is_decided(
    pages: Pages, second: str
) -> None:
    row = pages.active()
    reveal_credential(subscription=row, name="restore", by=pages.world["owner"].actor)
    asked = changing.change_terms(
        subscription=row, terms={**row.terms, "quota_gib": 700}, by=pages.world["owner"].actor
    )
    first_half = _half(_opens(pages))
    confirmed = _confirms(pages, second)
    second_half = _half(confirmed)
    assert "Poi la chiave si crea da sé" in words(confirmed)
    assert "La richiesta: <strong>Modifica delle condizioni</strong>" in confirmed.content.decode()
    assert f"/requests/{asked.public_id}/" not in confirmed.content.decode(), "a click would lose the half"
    emergency.tick()
    assert _types(pages, first_half, second_half).status_code == 409
    assert not row.requests.filter(kind="keys").exists(), "one at a time"
    workers_make_plans()
    assert pages.approves(asked).status_code == 302
    workers_bring_everything_up()
    for _slot in range(3):
        emergency.tick()
        planning.tick()
        workers_bring_everything_up()
    shown = _types(pages, first_half, second_half)
    assert shown.status_code == 200, words(shown)
    for _slot in range(2):
        emergency.tick()
    assert row.requests.filter(kind="keys").count() == 1, "made once, and not again when it is collected"
    row.refresh_from_db()
    assert (row.mode["keys"]["restore"], row.terms["quota_gib"]) == ([2, 1], 700)
    [by] = row.requests.filter(kind="keys").values_list("preapproved_by__email", flat=True)
    assert by == pages.world[second].user.email


def test_no_key_is_made_for_who_may_let_nobody_in_any_more(pages: Pages, second: str) -> None:
    row = pages.active()
    reveal_credential(subscription=row, name="restore", by=pages.world["owner"].actor)
    asked = changing.leave(subscription=row, by=pages.world["owner"].actor)
    _opens(pages)
    _confirms(pages, second)
    withdraw_request(request=asked, by=pages.world["owner"].actor)
    RegionRole.objects.filter(user=pages.world[second].user).delete()
    emergency.tick()
    assert not row.requests.filter(kind="keys").exists()


def test_nobody_confirms_what_he_opened_not_even_past_the_service(pages: Pages) -> None:
    pages.active()
    _opens(pages)
    assert _confirms(pages, "operator").status_code == 403
    row = WayIn.objects.get()
    with pytest.raises(Forbidden):
        confirm_way_in(way_in=row, identified=SAID, by=pages.world["operator"].actor)
    with pytest.raises(IntegrityError), transaction.atomic():
        WayIn.objects.filter(pk=row.pk).update(confirmed_by=row.opened_by)


def test_only_operators_in_person_let_anybody_in(pages: Pages, second: str) -> None:
    pages.active()
    path = f"/authorities/{pages.world.home.public_id}/ways-in/new/"
    for who in ("owner", "viewer", "stranger", "approver", "auditor"):
        assert pages.get(who, path).status_code == 403, who
        assert pages.post(who, path, {"kind": "emergency"}).status_code == 403, who
    assert pages.get("anonymous", path).status_code == 302
    for name in ("onboarding", "owner", "approver"):
        with pytest.raises(Forbidden):
            open_way_in(
                authority=pages.world.home, kind="emergency", person_name="X", identified=SAID,
                by=pages.world[name].actor,
            )  # fmt: skip
    with pytest.raises(Forbidden):
        open_way_in(
            authority=pages.world.home, kind="emergency", person_name="X", identified=SAID,
            by=pages.world["operator"].with_token().actor,
        )  # fmt: skip
    _opens(pages)
    row = WayIn.objects.get()
    for who in ("owner", "stranger", "approver", "auditor"):
        assert pages.get(who, f"/ways-in/{row.public_id}/").status_code == 403, who
        assert pages.post(who, f"/ways-in/{row.public_id}/close/").status_code == 403, who
    assert pages.get("auditor", "/ways-in/").status_code == 200
    assert not WayIn.objects.exclude(confirmed_by=None).exists()


def test_where_there_is_nothing_to_restore_there_is_no_emergency(pages: Pages) -> None:
    refused = _opens(pages)
    assert (refused.status_code, set(refused.context["form"].errors)) == (400, {"kind"})
    assert not WayIn.objects.exists()


def test_a_password_stands_before_it(pages: Pages) -> None:
    answer = pages.get("operator", f"/authorities/{pages.world.home.public_id}/ways-in/new/")
    assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_wrong_absent_old_and_used_up_are_one_answer(pages: Pages, second: str) -> None:
    pages.active()
    first_half = _half(_opens(pages))
    second_half = _half(_confirms(pages, second))
    wrong = [_types(pages, first_half, "AAAA-AAAA"), _types(pages, first_half, second_half, "c_nobody")]
    WayIn.objects.update(expires_at=Now() - timedelta(seconds=1))
    wrong.append(_types(pages, first_half, second_half))
    WayIn.objects.update(expires_at=Now() + timedelta(hours=1), tries_left=0)
    wrong.append(_types(pages, first_half, second_half))
    WayIn.objects.update(tries_left=5)
    pages.post("operator", f"/ways-in/{WayIn.objects.get().public_id}/close/")
    wrong.append(_types(pages, first_half, second_half))
    assert {(a.status_code, str(a.context["form"].errors.as_json())) for a in wrong} == {
        (400, str(wrong[0].context["form"].errors.as_json()))
    }
    assert first_half not in str(list(WayIn.objects.values()))


def test_five_wrong_pairs_and_it_is_over(pages: Pages, second: str) -> None:
    pages.active()
    first_half = _half(_opens(pages))
    second_half = _half(_confirms(pages, second))
    for _try in range(5):
        _types(pages, first_half, "AAAA-AAAA")
    assert _types(pages, first_half, second_half).status_code == 400


def test_a_town_is_handed_over_by_two_and_the_former_owner_is_no_more(pages: Pages, second: str) -> None:
    wrong = _opens(pages, "hand_over")
    assert set(wrong.context["form"].errors) == {"email", "letter"}
    told = {"email": "erede@comune.example", "letter": "prot. 77 del 2/3/2026"}
    assert _opens(pages, "hand_over", **told).status_code == 200
    assert not Invitation.objects.exists(), "one operator alone does nothing"
    assert _confirms(pages, second).status_code == 200
    owner = pages.world["owner"].user
    assert Membership.objects.filter(user=owner, role="owner").exists(), "until it is accepted"
    mailing.tick()
    from django.core import mail

    link = re.findall(r"/invitation/\S+", str(mail.outbox[-1].body))[0]
    heir = Client()
    heir.get(link)
    told = {"full_name": "Erede", "password1": PASSWORD, "password2": PASSWORD}
    assert heir.post("/invitation/", told).status_code == 302
    assert not Membership.objects.filter(user=owner, authority=pages.world.home).exists()
    assert Membership.objects.get(user__email="erede@comune.example").role == "owner"
    acts = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"hand_over.opened", "hand_over.confirmed", "invitation.accepted"} <= acts


def test_the_kit_holds_codes_and_commands_and_no_secret(pages: Pages) -> None:
    row = pages.active()
    owner = pages.world["owner"].user
    totp.TOTP.activate(owner, totp.generate_totp_secret())
    RecoveryCodes.activate(owner)
    path = f"/subscriptions/{row.public_id}/kit/"
    assert pages.get("owner", path)["Location"].startswith("/accounts/")
    pages.proves_identity("owner")
    assert "fuori dal municipio" in words(pages.get("owner", path))
    printed = pages.post("owner", path)
    codes = RecoveryCodes(Authenticator.objects.get(user=owner, type="recovery_codes")).get_unused_codes()
    assert all(code in words(printed) for code in codes)
    assert "restic restore latest" in words(printed) and "/emergency/" in words(printed)
    secret = reveal_credential(subscription=row, name="restore", by=pages.world["owner"].actor).secret_key.reveal()
    assert secret not in words(printed)
    assert AuditEvent.objects.filter(action="kit.printed", authority=row.authority).count() == 1
    for who, status in (("viewer", 403), ("operator", 403), ("auditor", 403), ("stranger", 404)):
        assert pages.get(who, path).status_code == status, who


def test_no_half_and_no_key_stands_in_the_trail_or_in_a_row(pages: Pages, second: str) -> None:
    pages.active()
    halves = [_half(_opens(pages)), _half(_confirms(pages, second))]
    shown = words(_types(pages, *halves))
    secret = re.findall(r"AWS_SECRET_ACCESS_KEY='([^']+)'", shown)[0]
    kept = str([list(m.objects.values()) for m in (AuditEvent, WayIn, User)])
    assert not [s for s in (*halves, secret) if s in kept]
