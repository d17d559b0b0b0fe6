"""People, roles, the closed door for strangers, and the demo."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tenants.models import AuditEvent, LocalAuthority, Membership, RegionRole, User
from tenants.models.errors import Forbidden, Invalid
from tenants.permissions import may_act_for, may_audit, may_decide, may_operate, may_read_authority
from tenants.services import audit
from tenants.services.people import (
    add_member,
    add_person,
    appoint_first_administrator,
    grant_region_role,
)
from tests.personas import World


def test_only_administrators_open_accounts_and_give_roles(world: World) -> None:
    for name in ("owner", "operator", "approver", "auditor"):
        by = world[name].actor
        with pytest.raises(Forbidden):
            grant_region_role(user=world["nobody"].user, role="operator", by=by)
        with pytest.raises(Forbidden):
            add_person(email="x@y.example", full_name="X", by=by)
    with pytest.raises(Forbidden):
        appoint_first_administrator(user=world["nobody"].user)
    by = world["administrator"].actor
    with pytest.raises(Invalid):
        grant_region_role(user=world["nobody"].user, role="king", by=by)
    grant_region_role(user=world["nobody"].user, role="auditor", by=by)
    assert may_audit(world["nobody"].actor)


def test_one_mailbox_is_one_person_in_any_case_of_letters(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        add_person(email="OWNER@comune.example", full_name="Again", by=world["administrator"].actor)
    assert set(refused.value.errors) == {"email"}
    assert User.objects.get_by_natural_key(" Owner@Comune.example ") == world["owner"].user


def test_an_owner_gives_roles_and_the_last_owner_stays(world: World) -> None:
    owner, user = world["owner"].actor, world["nobody"].user
    with pytest.raises(Forbidden):
        add_member(authority=world.home, user=user, role="operator", by=world["viewer"].actor)
    with pytest.raises(Forbidden):
        add_member(authority=world.home, user=user, role="operator", by=world["stranger"].actor)
    with pytest.raises(Invalid):
        add_member(authority=world.home, user=owner.user, role="viewer", by=owner)
    add_member(authority=world.home, user=user, role="owner", by=owner)
    add_member(authority=world.home, user=owner.user, role="viewer", by=owner)
    assert not may_act_for(world["owner"].actor, world.home)
    assert may_act_for(world["nobody"].actor, world.home)


def test_who_may_what(world: World) -> None:
    expected = {
        #               read home, act for home, operate, decide, audit
        "owner": (True, True, False, False, False),
        "viewer": (True, False, False, False, False),
        "stranger": (False, False, False, False, False),
        "nobody": (False, False, False, False, False),
        "operator": (True, False, True, False, False),
        "approver": (True, False, False, True, False),
        "auditor": (True, False, False, False, True),
        "administrator": (True, False, True, True, True),
        "onboarding": (True, True, True, False, False),
        "narrowed_token": (True, True, False, False, False),
    }
    for name, answers in expected.items():
        actor = world[name].actor
        found = (
            may_read_authority(actor, world.home), may_act_for(actor, world.home), may_operate(actor),
            may_decide(actor), may_audit(actor),
        )  # fmt: skip
        assert found == answers, name


def test_nobody_opens_an_account_for_oneself(client: Any, db: None) -> None:
    client.post(
        "/accounts/signup/",
        {
            "email": "new@stranger.example",
            "password1": "una frase molto lunga",
            "password2": "una frase molto lunga",
        },
    )
    assert not User.objects.filter(email="new@stranger.example").exists()


def test_the_demo_is_refused_where_it_is_not_a_demo(db: None, settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_the_demo_may_be_seeded_again_and_changes_nothing(db: None, settings: Any) -> None:
    settings.DEMO = True
    counted = []
    for _time in range(2):
        call_command("seed_demo")
        counted.append([m.objects.count() for m in (User, LocalAuthority, Membership, RegionRole, AuditEvent)])
    assert counted[0] == counted[1]
    assert counted[0][:2] == [8, 12]
    assert LocalAuthority.objects.filter(state="pending").count() == 2
    assert set(LocalAuthority.objects.values_list("province", flat=True)) == {"AN", "PU", "MC", "FM", "AP"}
    from tenants.services.demo import DEMO_PASSWORD

    assert User.objects.get(email="tecnico@comune.example").check_password(DEMO_PASSWORD)
    assert not User.objects.get(email="onboarding@region.example").has_usable_password()
    audit.tick()
    assert audit.verify_chain().holds
