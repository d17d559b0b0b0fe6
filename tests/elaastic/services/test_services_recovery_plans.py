"""A recovery plan: the first follows from the terms, each save is a version, and what moved afterwards is told."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from elaastic.levels.recovery import default_document
from elaastic.models import RecoveryPlan, Request, Subscription
from elaastic.models.errors import NothingChanges, NotInForce
from elaastic.selectors.recovery_plans import plan_in_force, plans_in_force_readable_by, why_stale
from elaastic.services.asking import request_subscription
from elaastic.services.changing import change_terms
from elaastic.services.recovery_plans import save_plan
from tenants.models import AuditEvent
from tenants.models.errors import Forbidden, Invalid, NotFound, StaleVersion
from tests.elaastic.machines import TERMS_2, WEB
from tests.elaastic.region import MemoryProvider, workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.town import Town


@pytest.fixture
def row(town: Town, hybrid: MemoryProvider) -> Subscription:
    """A town with `files` and `web`, everything standing."""
    by = town.world["owner"].actor
    request = request_subscription(authority=town.world.home, level=2, terms=TERMS_2, by=by)
    return carried_out(town, request)


def carried_out(town: Town, request: Request) -> Subscription:
    workers_make_plans()
    request.refresh_from_db()
    town.approve(request)
    workers_bring_everything_up()
    return Subscription.objects.select_related("authority").get(pk=request.subscription_id)


def save(
    town: Town, row: Subscription, who: str = "owner", seen: int | None = None, **changed: Any
) -> RecoveryPlan:
    present = plan_in_force(row)
    version = present.version if seen is None else seen
    return save_plan(
        subscription=row, document={**present.document, **changed}, seen=version, by=town.world[who].actor
    )


def test_the_first_plan_is_there_as_soon_as_the_terms_are_in_force(row: Subscription) -> None:
    first = plan_in_force(row)
    assert (first.version, first.by, first.document) == (1, None, default_document(TERMS_2))
    assert first.written_for == {"lan": "192.168.1.0/24", "reserve": row.placement["reserve"]}
    assert why_stale(first, None) == []


def test_there_is_no_plan_without_machines_nor_before_the_yes(town: Town, hybrid: MemoryProvider) -> None:
    asked = request_subscription(authority=town.world.home, level=2, terms=TERMS_2, by=town.world["owner"].actor)
    with pytest.raises(NotFound):
        plan_in_force(asked.subscription)
    elsewhere = town.asked("stranger", town.world.other)
    with pytest.raises(NotFound):
        plan_in_force(carried_out(town, elsewhere))


def test_a_save_is_a_version_and_one_line_in_the_trail_without_names(town: Town, row: Subscription) -> None:
    before = AuditEvent.objects.count()
    contact = {"name": "Anna Neri", "role": "", "phone": "071 123456", "email": ""}
    made = save(town, row, contacts=[contact])
    assert (made.version, made.by) == (2, town.world["owner"].user)
    assert plan_in_force(row) == made
    told = AuditEvent.objects.order_by("pk").last()
    assert told is not None and AuditEvent.objects.count() == before + 1
    assert told.action == "recovery_plan.saved"
    assert "Anna" not in str(told.after) and told.after["version"] == 2
    assert row.recovery_plans.get(version=1).document == default_document(TERMS_2)


def test_two_people_at_once_are_told_and_nothing_is_stored(town: Town, row: Subscription) -> None:
    save(town, row, notes="Prima.")
    with pytest.raises(StaleVersion):
        save(town, row, seen=1, notes="Seconda.")
    assert plan_in_force(row).document["notes"] == "Prima."
    assert row.recovery_plans.count() == 2


def test_the_same_again_is_no_version(town: Town, row: Subscription) -> None:
    with pytest.raises(NothingChanges):
        save(town, row)
    assert row.recovery_plans.count() == 1


@pytest.mark.parametrize("who", ["viewer", "operator", "stranger"])
def test_only_the_towns_own_people_who_may_ask_write_it(town: Town, row: Subscription, who: str) -> None:
    with pytest.raises(Forbidden):
        save(town, row, who, notes="Altro.")


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"checks": {"files": [{"kind": "agent", "within_seconds": 60}]}}, {"document.checks"}),
        ({"groups": []}, {"document.groups"}),
        ({"notes": 7}, {"document.notes"}),
        ({"notes": "a\u202eb"}, {"document.notes"}),
        ({"more": 1}, {"document"}),
        ({"contacts": [{"name": "Anna", "role": "", "phone": "no", "email": "no"}]},
         {"document.contacts.0.phone", "document.contacts.0.email"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_field_by_field_and_nothing_is_stored(
    town: Town, row: Subscription, changed: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        save(town, row, **changed)
    assert refused.value.errors.keys() == fields
    assert row.recovery_plans.count() == 1


def test_a_port_on_openstack_is_refused_with_its_reason(town: Town, row: Subscription) -> None:
    checks = {**plan_in_force(row).document["checks"], "web": [{"kind": "tcp", "port": 443, "within_seconds": 60}]}
    with pytest.raises(Invalid) as refused:
        save(town, row, checks=checks)
    assert "rete isolata" in str(refused.value.errors["document.checks.web.0.kind"])


def test_other_machines_make_it_stale_until_somebody_mends_it(town: Town, row: Subscription) -> None:
    terms = {**TERMS_2, "machines": [TERMS_2["machines"][0], {**WEB, "name": "mail"}]}
    asked = change_terms(subscription=row, terms=terms, by=town.world["owner"].actor)
    row = carried_out(town, asked)
    plan = plan_in_force(row)
    assert plan.version == 1
    found = {(f.code, f.about) for f in why_stale(plan, None)}
    assert found == {
        ("machine_unknown", "web"), ("machine_in_no_group", "mail"), ("machine_without_check", "mail"),
    }  # fmt: skip
    made = save(town, row, **default_document(terms))
    assert why_stale(made, None) == []


def test_who_leaves_writes_no_plan(town: Town, row: Subscription) -> None:
    row.leave_requested_at = row.approved_at
    with pytest.raises(NotInForce):
        save(town, row, notes="Altro.")


def test_a_version_is_never_changed(row: Subscription) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        RecoveryPlan.objects.filter(subscription=row).update(version=9)


def test_one_reads_the_newest_of_ones_own(town: Town, row: Subscription) -> None:
    save(town, row, notes="Nuova.")
    for who, seen in (("viewer", [2]), ("auditor", [2]), ("stranger", [])):
        assert [p.version for p in plans_in_force_readable_by(town.world[who].actor)] == seen, who
