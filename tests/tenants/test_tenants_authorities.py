"""Authorities: who registers, verifies, changes and suspends them, and what is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.models import AuditEvent, LocalAuthority
from tenants.models.codes import check_digit
from tenants.models.errors import (
    AuthorityExists,
    Forbidden,
    Invalid,
    OwnAuthority,
    StaleVersion,
    WrongState,
)
from tenants.services.authorities import (
    register_authority,
    resume_authority,
    suspend_authority,
    update_authority,
    verify_authority,
)
from tests.personas import World, details

HOSTILE_NAMES = [
    "../../etc/passwd",
    "Comune; rm -rf",
    "Comune $(id)",
    "Comune `id`",
    "Comune\x00di Prova",
    "Comune \u202eavorP id",
    "Comune\u200bdi Prova",
    "Comune\ndi Prova",
    "<script>alert(1)</script>",
    "Comune \\ Prova",
    "/Comune",
    "Comune/../Prova",
    "A" * 10_000,
    "12345",
    "   ",
]


def test_a_person_who_registers_a_body_owns_it_and_waits(world: World) -> None:
    row = register_authority(details=details(50), by=world["nobody"].actor)
    assert row.state == "pending"
    assert world["nobody"].actor.user.roles_by_authority == {row.pk: "owner"}


def test_what_the_region_registers_is_verified_at_once_and_owned_by_nobody(world: World) -> None:
    row = register_authority(details=details(51), by=world["operator"].actor)
    assert (row.state, row.members.count()) == ("verified", 0)
    assert row.verified_at is not None


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_refused_with_a_sentence_and_nothing_is_stored(world: World, name: str) -> None:
    before = LocalAuthority.objects.count(), AuditEvent.objects.count()
    with pytest.raises(Invalid) as refused:
        register_authority(details=details(52, name=name), by=world["nobody"].actor)
    assert str(next(iter(refused.value.errors["name"]))).endswith(".")
    assert (LocalAuthority.objects.count(), AuditEvent.objects.count()) == before


@pytest.mark.parametrize(
    "name",
    ["Sant'Angelo in Vado", "Monte Grimano Terme", "Unione Roveresca (PU)", "Bolzano/Bozen", "Forlì", "Città"],
)
def test_a_real_name_is_taken(world: World, name: str) -> None:
    assert register_authority(details=details(53, name=name), by=world["operator"].actor).name == name


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("fiscal_code", "00000000000", "fiscal_code"),
        ("fiscal_code", "1234567890", "fiscal_code"),
        ("fiscal_code", "RSSMRA80A01H501U", "fiscal_code"),
        ("ipa_code", "c a271", "ipa_code"),
        ("ipa_code", "../c_a271", "ipa_code"),
        ("istat_code", "42", "istat_code"),
        ("province", "ANC", "province"),
        ("pec", "not an address", "pec"),
        ("kind", "castle", "kind"),
        ("seat_lat", 91.0, "seat.lat"),
        ("seat_lon", float("inf"), "seat.lon"),
        ("seismic_zone", 5, "seismic_zone"),
        ("population", -1, "population"),
        ("seat_address", "Via\u202eRoma", "seat.address"),
        ("security_contact_phone", "call me", "security_contact.phone"),
        ("external_ref", "a\x00b", "external_ref"),
    ],
)
def test_each_wrong_field_is_named_as_clients_name_it(world: World, field: str, value: object, named: str) -> None:
    with pytest.raises(Invalid) as refused:
        register_authority(details=details(54, **{field: value}), by=world["operator"].actor)
    assert set(refused.value.errors) == {named}


@given(st.from_regex(r"[0-9]{10}", fullmatch=True), st.integers(0, 10), st.integers(1, 9))
def test_the_check_digit_finds_every_single_mistyped_digit(first_ten: str, place: int, shift: int) -> None:
    code = first_ten + check_digit(first_ten)
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    assert check_digit(wrong[:10]) != wrong[10]


def test_the_check_digit_is_that_of_bodies_that_exist() -> None:
    # Published codes: Regione Marche 80008630420, Comune di Ancona 00351040423, Comune di Pesaro 00272430414.
    for code in ("80008630420", "00351040423", "00272430414"):
        assert check_digit(code[:10]) == code[10]


def test_a_code_names_one_body_and_a_stranger_learns_no_more_than_that(world: World) -> None:
    twin = replace(details(55), ipa_code=world.home.ipa_code)
    with pytest.raises(AuthorityExists) as to_stranger:
        register_authority(details=twin, by=world["stranger"].actor)
    with pytest.raises(AuthorityExists) as to_operator:
        register_authority(details=twin, by=world["operator"].actor)
    assert to_stranger.value.extra == {}
    assert to_operator.value.extra == {"authority": str(world.home.public_id)}
    assert set(to_stranger.value.errors) == {"ipa_code"}


def test_only_the_region_verifies_and_nobody_verifies_the_own_body(world: World) -> None:
    for name in ("owner", "viewer", "stranger", "approver", "auditor"):
        with pytest.raises(Forbidden):
            verify_authority(authority=world.pending, by=world[name].actor)
    own = register_authority(details=details(56), by=world["nobody"].actor)
    from tenants.services.people import grant_region_role

    grant_region_role(user=world["nobody"].user, role="operator", by=world["administrator"].actor)
    with pytest.raises(OwnAuthority):
        verify_authority(authority=own, by=world["nobody"].actor)
    assert verify_authority(authority=own, by=world["operator"].actor).state == "verified"


def test_verifying_twice_is_one_act(world: World) -> None:
    for _time in range(2):
        verify_authority(authority=world.pending, by=world["operator"].actor)
    events = AuditEvent.objects.filter(action="authority.verified", authority=world.pending)
    assert events.count() == 1


def test_suspended_and_resumed_an_authority_is_what_it_was(world: World) -> None:
    by = world["operator"].actor
    for authority, state in ((world.home, "verified"), (world.pending, "pending")):
        assert suspend_authority(authority=authority, reason="Unpaid.", by=by).state == "suspended"
        with pytest.raises(WrongState):
            suspend_authority(authority=authority, reason="Again.", by=by)
        with pytest.raises(WrongState):
            verify_authority(authority=authority, by=by)
        assert resume_authority(authority=authority, by=by).state == state
    with pytest.raises(Invalid):
        suspend_authority(authority=world.home, reason="  ", by=by)


def test_what_was_verified_is_changed_by_the_region_only(world: World) -> None:
    owner, operator = world["owner"].actor, world["operator"].actor
    assert update_authority(authority=world.home, changes={"population": 7}, by=owner).population == 7
    with pytest.raises(Invalid) as refused:
        update_authority(authority=world.home, changes={"name": "Comune Nuovo"}, by=owner)
    assert set(refused.value.errors) == {"name"}
    assert update_authority(authority=world.home, changes={"name": "Comune Nuovo"}, by=operator).version == 4
    for name in ("viewer", "stranger", "approver", "auditor"):
        with pytest.raises(Forbidden):
            update_authority(authority=world.home, changes={"population": 8}, by=world[name].actor)


def test_a_change_of_something_read_too_long_ago_is_refused(world: World) -> None:
    owner = world["owner"].actor
    read = world.home.version
    update_authority(authority=world.home, changes={"population": 7}, by=owner, expected_version=read)
    with pytest.raises(StaleVersion):
        update_authority(authority=world.home, changes={"population": 8}, by=owner, expected_version=read)


def test_state_and_trail_columns_cannot_be_changed_by_name(world: World) -> None:
    for name in ("state", "verified_at", "public_id", "version", "registered_by", "members"):
        with pytest.raises(Invalid):
            update_authority(authority=world.pending, changes={name: "x"}, by=world["operator"].actor)
