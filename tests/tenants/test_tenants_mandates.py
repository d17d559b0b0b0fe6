"""A body acts for several towns until a date, the trail says for whom, and it ends by itself."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from tenants.models import Actor, AuditEvent, LocalAuthority, Mandate, User
from tenants.models.errors import Forbidden, Invalid, WrongState
from tenants.permissions import may_act_for, may_describe, may_manage_members, may_read_authority
from tenants.services.authorities import register_authority, suspend_authority, update_authority, verify_authority
from tenants.services.mandates import end_mandate, give_mandate
from tenants.services.people import add_member
from tests.personas import API, World, details


def _tomorrow(days: int = 1) -> date:
    return date.today() + timedelta(days=days)  # noqa: DTZ011


@pytest.fixture
def supplier(world: World) -> LocalAuthority:
    """`nobody` owns a supplier, with the viewer of home as its viewer."""
    body = register_authority(
        details=details(70, kind="supplier", ipa_code="", name="Ditta di Prova srl"), by=world["nobody"].actor
    )
    return verify_authority(authority=body, by=world["operator"].actor)


def _fresh(world: World, who: str) -> Actor:
    return Actor(User.objects.get(pk=world[who].user.pk))


def test_the_suppliers_people_act_for_each_town_and_the_trail_says_for_whom(
    world: World, supplier: LocalAuthority
) -> None:
    for town, owner in ((world.home, "owner"), (world.other, "stranger")):
        give_mandate(town=town, body=supplier, role="operator", until=_tomorrow(), by=world[owner].actor)
    by = _fresh(world, "nobody")
    assert may_act_for(by, world.home) and may_act_for(by, world.other)
    with transaction.atomic():
        from tenants.services import audit

        event = audit.record(by=by, action="x", subject_type="t", subject_id=1, authority=world.home)
    assert event.personal.data["on_behalf_of"] == "Ditta di Prova srl"
    mine = world["nobody"].client().get(f"{API}/me/").json()["authorities"]
    assert {(a["name"], a["on_behalf_of"]) for a in mine} == {
        (supplier.name, ""), (world.home.name, supplier.name), (world.other.name, supplier.name),
    }  # fmt: skip


def test_a_mandate_ends_by_itself_by_the_databases_clock(world: World, supplier: LocalAuthority) -> None:
    give_mandate(town=world.home, body=supplier, role="operator", until=_tomorrow(), by=world["owner"].actor)
    token = world["nobody"].with_token("authorities:read", authority=world.home)
    path = f"{API}/authorities/{world.home.public_id}/"
    assert token.client().get(path).status_code == 200
    Mandate.objects.update(until=Now() - timedelta(seconds=1))
    assert not may_read_authority(_fresh(world, "nobody"), world.home)
    assert token.client().get(path).status_code == 404
    shown = world["owner"].client().get(f"{path}mandates/").json()["items"]
    assert [m["state"] for m in shown] == ["over"]
    again = give_mandate(town=world.home, body=supplier, role="viewer", until=_tomorrow(), by=world["owner"].actor)
    assert again.role == "viewer"


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_webs_own_clock_ends_none(
    world: World, supplier: LocalAuthority, hours: int, time_machine: object
) -> None:
    """T5."""
    from django.utils import timezone

    row = give_mandate(town=world.home, body=supplier, role="operator", until=_tomorrow(), by=world["owner"].actor)
    now = timezone.now()
    Mandate.objects.filter(pk=row.pk).update(until=Now() + timedelta(minutes=hours * 30))
    time_machine.move_to(now + timedelta(hours=hours), tick=True)  # type: ignore[attr-defined]
    assert may_act_for(_fresh(world, "nobody"), world.home) == (hours > 0)


def test_a_mandate_is_for_the_copies_and_never_for_the_town_itself(world: World, supplier: LocalAuthority) -> None:
    give_mandate(town=world.home, body=supplier, role="operator", until=_tomorrow(), by=world["owner"].actor)
    by = _fresh(world, "nobody")
    assert not may_manage_members(by, world.home)
    assert not may_describe(by, world.home)
    with pytest.raises(Forbidden):
        update_authority(authority=world.home, changes={"population": 1}, by=by)
    with pytest.raises(Forbidden):
        give_mandate(town=world.home, body=supplier, role="viewer", until=_tomorrow(), by=by)
    trail = world["nobody"].client().get(f"{API}/audit-events/").json()["items"]
    assert {row["authority"] for row in trail} == {str(supplier.public_id)}


def test_a_supplier_asks_for_nothing_of_its_own(world: World, supplier: LocalAuthority) -> None:
    assert supplier.ipa_code == f"piva_{supplier.fiscal_code}"
    assert not may_act_for(_fresh(world, "nobody"), supplier)
    assert may_describe(_fresh(world, "nobody"), supplier)


def test_a_viewer_of_the_body_only_looks(world: World, supplier: LocalAuthority) -> None:
    add_member(authority=supplier, user=world["stranger"].user, role="viewer", by=_fresh(world, "nobody"))
    give_mandate(town=world.home, body=supplier, role="operator", until=_tomorrow(), by=world["owner"].actor)
    by = _fresh(world, "stranger")
    assert may_read_authority(by, world.home) and not may_act_for(by, world.home)


def test_a_viewers_mandate_lets_nobody_act(world: World, supplier: LocalAuthority) -> None:
    give_mandate(town=world.home, body=supplier, role="viewer", until=_tomorrow(), by=world["owner"].actor)
    by = _fresh(world, "nobody")
    assert may_read_authority(by, world.home) and not may_act_for(by, world.home)


def test_ones_own_role_comes_before_a_mandate(world: World, supplier: LocalAuthority) -> None:
    add_member(authority=supplier, user=world["owner"].user, role="operator", by=_fresh(world, "nobody"))
    give_mandate(town=world.home, body=supplier, role="viewer", until=_tomorrow(), by=world["owner"].actor)
    by = _fresh(world, "owner")
    assert by.user.roles_by_authority[world.home.pk] == "owner"
    assert world.home.pk not in by.user.mandates_by_authority


def test_a_body_that_is_suspended_acts_for_nobody(world: World, supplier: LocalAuthority) -> None:
    give_mandate(town=world.home, body=supplier, role="operator", until=_tomorrow(), by=world["owner"].actor)
    suspend_authority(authority=supplier, reason="Contratto finito.", by=world["operator"].actor)
    assert not may_read_authority(_fresh(world, "nobody"), world.home)


def test_either_side_ends_it_and_nobody_else(world: World, supplier: LocalAuthority) -> None:
    for who, allowed in (("viewer", False), ("stranger", False), ("approver", False), ("nobody", True)):
        row = Mandate.objects.filter(ended_at=None).first() or give_mandate(
            town=world.home, body=supplier, role="operator", until=_tomorrow(), by=world["owner"].actor
        )
        if allowed:
            end_mandate(mandate=row, by=_fresh(world, who))
            continue
        with pytest.raises(Forbidden):
            end_mandate(mandate=row, by=_fresh(world, who))
    assert not may_act_for(_fresh(world, "nobody"), world.home)
    assert AuditEvent.objects.filter(action="mandate.ended", authority=world.home).count() == 1


def test_wrong_mandates_are_refused_field_by_field(world: World, supplier: LocalAuthority) -> None:
    by = world["owner"].actor
    for body, role, until, fields in (
        (supplier, "owner", _tomorrow(), {"role"}),
        (world.other, "operator", _tomorrow(), {"body"}),
        (world.home, "operator", _tomorrow(), {"body"}),
        (supplier, "operator", _tomorrow(-2), {"until"}),
        (supplier, "king", _tomorrow(4 * 366), {"role", "until"}),
    ):
        with pytest.raises(Invalid) as refused:
            give_mandate(town=world.home, body=body, role=role, until=until, by=by)
        assert set(refused.value.errors) == fields
    give_mandate(town=world.home, body=supplier, role="viewer", until=_tomorrow(), by=by)
    with pytest.raises(WrongState):
        give_mandate(town=world.home, body=supplier, role="viewer", until=_tomorrow(), by=by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Mandate.objects.create(
            town=world.home, body=world.home, role="viewer", until=Now() + timedelta(days=1), given_by=by.user
        )


def test_only_an_owner_gives_one_not_even_the_region(world: World, supplier: LocalAuthority) -> None:
    for who in ("viewer", "stranger", "operator", "administrator", "approver", "onboarding"):
        with pytest.raises(Forbidden):
            give_mandate(town=world.home, body=supplier, role="viewer", until=_tomorrow(), by=world[who].actor)


def test_pages_and_api_give_and_end(world: World, supplier: LocalAuthority) -> None:
    client = world["owner"].client()
    new = f"/authorities/{world.home.public_id}/mandates/new/"
    assert supplier.name in client.get(new).content.decode()
    wrong = client.post(new, {"body": str(world.other.public_id), "role": "operator", "until": str(_tomorrow())})
    assert (wrong.status_code, "body" in wrong.context["form"].errors) == (400, True)
    right = {"body": str(supplier.public_id), "role": "operator", "until": str(_tomorrow()), "letter": "n. 12"}
    assert client.post(new, right).status_code == 302
    assert supplier.name in client.get(f"/authorities/{world.home.public_id}/people/").content.decode()
    row = Mandate.objects.get()
    end = f"/authorities/{world.home.public_id}/mandates/{row.public_id}/end/"
    assert world["viewer"].client().post(end).status_code == 403
    assert world["stranger"].client().post(end).status_code == 404
    assert client.post(end).status_code == 302
    base = f"{API}/authorities/{world.home.public_id}/mandates/"
    made = client.post(base, right, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "in_force"), made.json()
    assert client.delete(f"{base}{made.json()['id']}/").status_code == 204
    refused = client.post(base, {**right, "given_at": "2020-01-01"}, format="json")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"given_at"})
    hidden = client.post(base, {**right, "body": str(world.other.public_id)}, format="json")
    absent = client.post(base, {**right, "body": "00000000-0000-4000-8000-000000000000"}, format="json")
    assert hidden.json()["errors"] == absent.json()["errors"]
