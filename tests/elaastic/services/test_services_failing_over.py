"""Failing over: who may, from what; what gives way; what starts, in which turn; what ends it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from elaastic.levels import Mode
from elaastic.levels.level2_terms import DEFAULTS
from elaastic.models import (
    Decision,
    DrillState,
    Failover,
    Request,
    RequestState,
    Subscription,
)
from elaastic.models.errors import (
    AlreadyReviewed,
    FailedOver,
    NotFailedOver,
    NothingToStart,
    RequestClosed,
    RequestOpen,
)
from elaastic.selectors.drills import view as drill_view
from elaastic.selectors.failovers import FailoverState, failovers_of, view
from elaastic.selectors.recovery import pinned
from elaastic.selectors.subscriptions import state_of
from elaastic.services import drilling, failing_over, failover_work, planning
from elaastic.services.asking import request_subscription
from elaastic.services.changing import change_terms, leave, suspend
from provisioning.domain.errors import PermanentError
from provisioning.models import Operation, Reservation, Resource
from provisioning.services import fetching, operations
from provisioning.services.clock import now
from tenants.models import AuditEvent
from tenants.models.errors import Forbidden, Invalid
from tests.elaastic.machines import TERMS_2, WEB
from tests.elaastic.region import MemoryProvider, workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.test_services_drilling import MAIL, begun, brings, point, row
from tests.elaastic.services.town import Town

__all__ = ["brings", "row"]


def over(row: Subscription) -> Failover:
    found = failovers_of(row).first()
    assert found is not None
    return found


def workers_go_on(town: Town, until: Callable[[], bool]) -> None:
    for _turn in range(80):
        town.later.passed += timedelta(seconds=30)
        Operation.objects.update(due_at=now())
        operations.carry_on_next()
        failover_work.tick()
        workers_make_plans()
        planning.carry_out_preapproved()
        workers_bring_everything_up()
        drilling.tick()
        if until():
            return
    raise AssertionError((list(Operation.objects.values()), list(Request.objects.values())))


def reaches(town: Town, row: Subscription, state: FailoverState) -> None:
    workers_go_on(town, lambda: view(over(row)).state == state)


def running(hybrid: MemoryProvider) -> list[str]:
    """In the order in which they were made."""
    return [name.rpartition("machine-")[2] for name in hybrid.handlers["openstack.server"].made]


def failed_over(town: Town, row: Subscription, hybrid: MemoryProvider) -> Subscription:
    for name in ("web", "mail"):
        if not row.recovery_points.filter(machine=name).exists():
            point(row, name)
        hybrid.consoles[name] = "login:"
    failing_over.fail_over(subscription=row, by=town.world["owner"].actor)
    reaches(town, row, FailoverState.STANDING)
    return Subscription.objects.select_related("authority").get(pk=row.pk)


def test_the_machines_start_in_their_turn_without_anybodys_yes_and_are_timed(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    before = {r.name for r in Resource.objects.filter(stack__key=row.stack_key)}
    now_row = failed_over(town, row, hybrid)
    assert running(hybrid) == ["web", "mail"]
    made = {r.name: r for r in Resource.objects.filter(stack__key=row.stack_key)}
    assert set(made) - before == {
        f"{part}-{name}" for part in ("image", "plug", "machine") for name in ("web", "mail")
    }
    assert made["lan-router"].spec["outside"] is True
    assert {r.state for r in made.values()} == {"ready"}
    asked = over(row).request
    assert asked.decision == Decision.APPROVED and asked.decided_by == town.world["owner"].user
    assert state_of(asked) == RequestState.APPLIED
    assert [one.name for one in Mode.parse(now_row.mode).failed_over] == ["web", "mail"]
    seen = view(over(row))
    assert seen.rto_s is not None and seen.rpo_s is not None and seen.rpo_s >= 5 * 3600
    assert not pinned(row).exists() and over(row).settled_at is not None
    trail = AuditEvent.objects.filter(subject_type__in=["request", "subscription"]).order_by("pk")
    told = list(trail.values_list("action", flat=True))
    assert told[-3:] == ["subscription.fail_over_requested", "failover.begun", "request.approved"]


def test_what_was_promised_at_rest_is_what_it_takes(town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    """The ledger of promises holds the reserve: nothing is reserved for a failover, so none is refused for room."""
    held = list(Reservation.objects.order_by("pk").values())
    failed_over(town, row, hybrid)
    assert list(Reservation.objects.order_by("pk").values()) == held


def test_a_machine_of_a_later_turn_waits_for_those_before_it(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    for name in ("web", "mail"):
        point(row, name)
    failing_over.fail_over(subscription=row, by=town.world["owner"].actor)
    reaches(town, row, FailoverState.STARTING)
    spec = Resource.objects.get(stack__key=row.stack_key, name="machine-mail").spec
    assert spec["after"] == [{"$ref": "machine-web.server"}]
    assert "after" not in Resource.objects.get(stack__key=row.stack_key, name="machine-web").spec


def test_a_silent_machine_is_waited_for_and_blamed_by_nobody(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    for name in ("web", "mail"):
        point(row, name)
    hybrid.consoles["web"] = "login:"
    failing_over.fail_over(subscription=row, by=town.world["owner"].actor)
    workers_go_on(town, lambda: running(hybrid) == ["web", "mail"])
    town.later.passed += timedelta(hours=3)
    for _turn in range(5):
        Operation.objects.update(due_at=now())
        operations.carry_on_next()
    seen = view(over(row))
    assert (seen.state, seen.operation and seen.operation.verdict) == (FailoverState.STARTING, "")
    hybrid.consoles["mail"] = "login:"
    reaches(town, row, FailoverState.STANDING)


def test_a_machine_whose_image_went_bad_is_left_out_and_the_others_start(
    town: Town, row: Subscription, hybrid: MemoryProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("web", "mail"):
        point(row, name)
        hybrid.consoles[name] = "login:"
    brought = fetching.fetch

    def fetch(stack: str, archive: str, key: str, *rest: Any, **more: Any) -> int:
        if key.startswith("web"):
            raise PermanentError("Other bytes.", reason="ContentDiffers")
        return brought(stack, archive, key, *rest, **more)

    monkeypatch.setattr(fetching, "fetch", fetch)
    failing_over.fail_over(subscription=row, by=town.world["owner"].actor)
    reaches(town, row, FailoverState.STANDING)
    assert running(hybrid) == ["mail"]
    assert view(over(row)).left_out == {"web": "ContentDiffers"}


@pytest.fixture
def both(town: Town, hybrid: MemoryProvider, brings: None, settings: Any, tmp_path: Path) -> Subscription:
    """`files` starts on Proxmox, and `web` on OpenStack when it runs."""
    settings.SPOOL_DIR = tmp_path / "spool"
    terms = {**TERMS_2, "machines": [*DEFAULTS["machines"], {**WEB, "boot_group": 2}]}
    asked = request_subscription(authority=town.world.home, level=2, terms=terms, by=town.world["owner"].actor)
    workers_make_plans()
    town.approve(Request.objects.get(pk=asked.pk))
    workers_bring_everything_up()
    return Subscription.objects.select_related("authority").get(pk=asked.subscription_id)


def test_machines_of_both_systems_start_in_their_turn_and_go_again(
    town: Town, both: Subscription, hybrid: MemoryProvider
) -> None:
    by, at_rest = town.world["owner"].actor, names(both)
    with pytest.raises(NothingToStart):
        failing_over.fail_over(subscription=both, by=by)
    assert not Failover.objects.exists()
    point(both, "files", form="vmdk")
    point(both, "web")
    hybrid.consoles["web"] = "login:"
    failing_over.fail_over(subscription=both, by=by)
    workers_go_on(town, lambda: "machine-files" in names(both))
    made = {r.name: r for r in Resource.objects.filter(stack__key=both.stack_key)}
    assert made["machine-web"].spec["after"] == [{"$ref": "machine-files.guest"}]
    assert made["image-files"].spec["storage"] == made["machine-files"].spec["storage"] == "shared"
    assert (made["machine-files"].spec["vcpus"], made["machine-files"].spec["ram_mib"]) == (2, 4096)
    assert made["machine-files"].spec["rules"] == ["in any 192.168.1.0/24", "out any 0.0.0.0/0"]
    reaches(town, both, FailoverState.STARTING)
    hybrid.agents.add("files")
    reaches(town, both, FailoverState.STANDING)
    on_proxmox = {"guests-lan", "image-files", "machine-files"}
    assert names(both) - at_rest == on_proxmox | {"image-web", "plug-web", "machine-web"}
    assert over(both).request.decided_by == by.user and view(over(both)).left_out == {}
    asked = failing_over.fail_back(subscription=Subscription.objects.get(pk=both.pk), by=by)
    workers_make_plans()
    town.approve(Request.objects.get(pk=asked.pk))
    workers_bring_everything_up()
    reaches(town, both, FailoverState.ENDED)
    assert names(both) == at_rest


def names(row: Subscription) -> set[str]:
    """Of what stands of its stack."""
    return set(
        Resource.objects.filter(stack__key=row.stack_key).exclude(state="gone").values_list("name", flat=True)
    )


def test_of_each_system_what_it_does_not_take_is_said_to_be_left_out(
    town: Town, both: Subscription, hybrid: MemoryProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    point(both, "files", form="vma")
    point(both, "web", form="vmdk")
    assert failing_over.what_would_start(both).left_out == {"files": "form", "web": "form"}
    both.recovery_points.update(form="raw")
    hybrid.consoles["web"] = "login:"
    monkeypatch.setattr(hybrid, "stores", lambda: [("local", frozenset({"images"}), 1 << 40)])
    failing_over.fail_over(subscription=both, by=town.world["owner"].actor)
    reaches(town, both, FailoverState.STANDING)
    assert running(hybrid) == ["web"] and view(over(both)).left_out == {"files": "NoStore"}


def test_who_looks_only_starts_nothing_ends_nothing_and_the_region_neither(town: Town, row: Subscription) -> None:
    point(row, "web")
    for who in ("viewer", "stranger", "operator", "approver", "auditor"):
        with pytest.raises(Forbidden):
            failing_over.fail_over(subscription=row, by=town.world[who].actor)
        with pytest.raises(Forbidden):
            failing_over.fail_back(subscription=row, by=town.world[who].actor)
    assert not Failover.objects.exists() and not pinned(row).exists()


def test_a_drill_gives_way_and_is_cleaned_up_first(town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    for name in ("web", "mail"):
        point(row, name)
        hybrid.consoles[name] = "login:"
    drill = begun(town, row)
    failing_over.fail_over(subscription=row, by=town.world["owner"].actor)
    assert view(over(row)).state == FailoverState.WAITING
    reaches(town, row, FailoverState.STANDING)
    assert drill_view(drill).state == DrillState.STOPPED
    assert running(hybrid) == ["web", "mail"]
    with pytest.raises(FailedOver):
        begun(town, Subscription.objects.get(pk=row.pk))


def test_another_request_gives_way_but_not_a_suspension(town: Town, row: Subscription) -> None:
    point(row, "web")
    by = town.world["owner"].actor
    changed = change_terms(subscription=row, terms={**row.terms, "quota_gib": 2000}, by=by)
    failing_over.fail_over(subscription=row, by=by)
    assert Request.objects.get(pk=changed.pk).decision == Decision.SUPERSEDED
    failing_over.call_off(failover=over(row), by=by)
    suspend(subscription=row, by=town.world["operator"].actor)
    with pytest.raises(RequestOpen):
        failing_over.fail_over(subscription=row, by=by)


def test_called_off_nothing_is_made_and_another_can_be_asked_for(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    point(row, "web")
    by = town.world["owner"].actor
    failing_over.fail_over(subscription=row, by=by)
    with pytest.raises(FailedOver):
        failing_over.fail_over(subscription=row, by=by)
    failing_over.call_off(failover=over(row), by=by)
    workers_go_on(town, lambda: over(row).settled_at is not None)
    assert view(over(row)).state == FailoverState.CALLED_OFF
    assert running(hybrid) == [] and not pinned(row).exists()
    with pytest.raises(RequestClosed):
        failing_over.call_off(failover=over(row), by=by)
    failed_over(town, row, hybrid)


def test_a_plan_that_no_longer_fits_is_no_obstacle_and_is_told(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    terms = {**row.terms, "machines": [WEB, MAIL, {**WEB, "name": "new"}]}
    asked = change_terms(subscription=row, terms=terms, by=town.world["owner"].actor)
    workers_make_plans()
    town.approve(Request.objects.get(pk=asked.pk))
    workers_bring_everything_up()
    row.refresh_from_db()
    point(row, "new")
    hybrid.consoles["new"] = "login:"
    failed_over(town, row, hybrid)
    assert over(row).was_stale and running(hybrid) == ["web", "mail", "new"]


def test_what_else_moved_is_an_approvers_to_read_first(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    point(row, "web")
    hybrid.consoles["web"] = "login:"
    town.vanish(row, "archive-backup")
    failing_over.fail_over(subscription=row, by=town.world["owner"].actor)
    workers_go_on(town, lambda: over(row).request.planning_problem == "NeedsApprover")
    assert running(hybrid) == []
    town.approve(over(row).request)
    reaches(town, row, FailoverState.STANDING)


def test_a_suspended_town_comes_back_all_the_same(town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    point(row, "web")
    point(row, "mail")
    suspend(subscription=row, by=town.world["operator"].actor)
    workers_make_plans()
    planning.carry_out_preapproved()
    workers_bring_everything_up()
    row.refresh_from_db()
    assert row.suspended_at is not None, "a level 2 suspension needs no second person either"
    assert Resource.objects.get(name="reserve-user").spec == {"enabled": False}
    failed_over(town, row, hybrid)
    assert Resource.objects.get(name="reserve-user").spec == {}


def test_nothing_else_moves_its_ground_while_it_stands(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    row, by = failed_over(town, row, hybrid), town.world["owner"].actor
    with pytest.raises(FailedOver):
        leave(subscription=row, by=by)
    with pytest.raises(Invalid) as refused:
        change_terms(subscription=row, terms={**row.terms, "machines": [WEB]}, by=by)
    assert set(refused.value.errors) == {"terms.machines"}
    larger = change_terms(subscription=row, terms={**row.terms, "quota_gib": 2000}, by=by)
    workers_make_plans()
    town.approve(Request.objects.get(pk=larger.pk))
    workers_bring_everything_up()
    assert running(hybrid) == ["web", "mail"]


def test_the_machines_go_only_when_an_approver_agrees_and_the_images_stay(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    by = town.world["owner"].actor
    with pytest.raises(NotFailedOver):
        failing_over.fail_back(subscription=row, by=by)
    row = failed_over(town, row, hybrid)
    asked = failing_over.fail_back(subscription=row, by=by)
    workers_go_on(town, lambda: state_of(Request.objects.get(pk=asked.pk)) == RequestState.AWAITING_DECISION)
    assert running(hybrid) == ["web", "mail"]
    plan = Request.objects.get(pk=asked.pk)
    town.approve(plan)
    reaches(town, row, FailoverState.ENDED)
    assert running(hybrid) == []
    left = Resource.objects.filter(stack__key=row.stack_key).exclude(state="gone")
    assert not left.filter(kind__in=["openstack.server", "openstack.image", "openstack.port"]).exists()
    assert left.get(name="lan-router").spec.get("outside") is None
    assert row.recovery_points.filter(gone_at=None).count() == 2
    drilling.begin_drill(subscription=Subscription.objects.get(pk=row.pk), by=by)


def test_it_can_end_while_a_machine_is_still_silent(town: Town, row: Subscription, hybrid: MemoryProvider) -> None:
    point(row, "web")
    by = town.world["owner"].actor
    failing_over.fail_over(subscription=row, by=by)
    workers_go_on(town, lambda: running(hybrid) == ["web"])
    row.refresh_from_db()
    asked = failing_over.fail_back(subscription=row, by=by)
    workers_make_plans()
    town.approve(Request.objects.get(pk=asked.pk))
    workers_go_on(town, lambda: over(row).settled_at is not None and not running(hybrid))
    assert view(over(row)).rto_s is None


def test_an_approver_who_had_no_part_in_it_reviews_it_once(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    failed_over(town, row, hybrid)
    approver = town.world["approver"].actor
    for who in ("owner", "operator", "auditor"):
        with pytest.raises(Forbidden):
            failing_over.review_failover(failover=over(row), review="It was right.", by=town.world[who].actor)
    with pytest.raises(Invalid):
        failing_over.review_failover(failover=over(row), review=" ", by=approver)
    failing_over.review_failover(failover=over(row), review="A real flood.", by=approver)
    with pytest.raises(AlreadyReviewed):
        failing_over.review_failover(failover=over(row), review="Again.", by=approver)
    assert over(row).review == "A real flood."
