"""Bringing home what machines wrote: who may, when, what is told of it, and what waits for it."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from elaastic.models import Export, ExportState, Request, Subscription
from elaastic.models.errors import ExportEnded, ExportOpen, NotFailedOver
from elaastic.selectors.exports import ExportView, came_home, exports_of, views
from elaastic.selectors.failovers import FailoverState
from elaastic.services import drilling, exporting, failing_over
from provisioning.domain.errors import PermanentError
from provisioning.models import Operation
from provisioning.services import operations, storing
from provisioning.services.clock import now
from tenants.models import AuditEvent
from tenants.models.errors import Forbidden
from tests.elaastic.region import DISK, MemoryProvider, workers_bring_everything_up, workers_make_plans
from tests.elaastic.services.test_services_drilling import brings, point, row
from tests.elaastic.services.test_services_failing_over import both, failed_over, over, reaches, running
from tests.elaastic.services.town import Town

__all__ = ["both", "brings", "row"]
SUM = hashlib.sha512(DISK).hexdigest()


@pytest.fixture(autouse=True)
def archive(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What was put into it; how it really is put there, tests/elaastic/intake shows."""
    there: dict[str, bytes] = {}

    def store(stack: str, archive: str, key: str, file: Path, sha512: str, *, through: Any, hold: Any) -> None:
        if key not in there:
            there[key] = b"".join(through([file.read_bytes()]))
        hold()

    monkeypatch.setattr(storing, "store", store)
    monkeypatch.setattr(storing, "abandon", lambda *where: None)
    return there


def newest(row: Subscription) -> ExportView:
    return views(exports_of(over(row)))[0]


def workers_go_on(town: Town, row: Subscription, until: Callable[[ExportView], bool]) -> ExportView:
    for _turn in range(60):
        town.later.passed += timedelta(seconds=30)
        Operation.objects.update(due_at=now())
        for _each in Operation.objects.filter(ended_at=None):
            operations.carry_on_next()
        workers_bring_everything_up()
        exporting.tick()
        if until(newest(row)):
            return newest(row)
    raise AssertionError(list(Operation.objects.values()))


def settled(seen: ExportView) -> bool:
    return seen.export.settled_at is not None


def exported(town: Town, row: Subscription) -> ExportView:
    exporting.begin_export(subscription=row, by=town.world["owner"].actor)
    return workers_go_on(town, row, settled)


def test_every_machine_that_stands_comes_home_and_runs_on(
    town: Town, row: Subscription, hybrid: MemoryProvider, archive: dict[str, bytes]
) -> None:
    row = failed_over(town, row, hybrid)
    seen = exported(town, row)
    assert seen.state == ExportState.EXPORTED
    assert {key.partition("/")[0]: content for key, content in archive.items()} == {"web": DISK, "mail": DISK}
    assert all(key.rpartition("/")[2].startswith("failback-2") and key.endswith("Z.qcow2") for key in archive)
    assert running(hybrid) == ["web", "mail"] and not hybrid.handlers["openstack.server_image"].made
    told = AuditEvent.objects.filter(action="export.ended").get()
    assert told.after["machines"]["web"]["sha512"] == SUM
    home = came_home([seen], row)["web"]
    assert (home.found.bytes, home.found.sha512, home.point) == (len(DISK), SUM, None)
    made = point(row, "web", keyed=home.found.key)
    assert came_home([seen], row)["web"].point == made


def test_the_newest_of_each_machine_counts(
    town: Town,
    row: Subscription,
    hybrid: MemoryProvider,
    archive: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = failed_over(town, row, hybrid)
    first = exported(town, row)
    put = storing.store

    def store(stack: str, where: str, key: str, *rest: Any, **more: Any) -> None:
        if key.startswith("web"):
            raise PermanentError("full", reason="QuotaExceeded")
        put(stack, where, key, *rest, **more)

    monkeypatch.setattr(storing, "store", store)
    second = exported(town, row)
    assert (second.state, second.found("web").left_out) == (ExportState.INCOMPLETE, "QuotaExceeded")
    home = came_home(views(exports_of(over(row))), row)
    assert home["web"].found == first.found("web") and home["mail"].found == second.found("mail")
    assert len(archive) == 3


def test_who_looks_only_brings_nothing_home_and_nothing_comes_of_what_does_not_stand(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    with pytest.raises(NotFailedOver):
        exporting.begin_export(subscription=row, by=town.world["owner"].actor)
    row = failed_over(town, row, hybrid)
    for who in ("viewer", "stranger", "operator", "approver", "auditor"):
        with pytest.raises(Forbidden):
            exporting.begin_export(subscription=row, by=town.world[who].actor)
    assert not Export.objects.exists()


def test_one_after_the_other_and_the_machines_wait_for_it(
    town: Town, row: Subscription, hybrid: MemoryProvider
) -> None:
    row, by = failed_over(town, row, hybrid), town.world["owner"].actor
    made = exporting.begin_export(subscription=row, by=by)
    with pytest.raises(ExportOpen):
        exporting.begin_export(subscription=row, by=by)
    with pytest.raises(ExportOpen):
        failing_over.fail_back(subscription=row, by=by)
    exporting.stop_export(export=made, by=by)
    seen = workers_go_on(town, row, settled)
    assert seen.state == ExportState.STOPPED
    with pytest.raises(ExportEnded):
        exporting.stop_export(export=made, by=by)
    assert not hybrid.handlers["openstack.server_image"].made
    failing_over.fail_back(subscription=row, by=by)


def test_it_goes_on_beside_a_failover_that_still_watches(
    town: Town, row: Subscription, hybrid: MemoryProvider, archive: dict[str, bytes]
) -> None:
    """A machine that never answers has written all the same."""
    point(row, "web")
    failing_over.fail_over(subscription=row, by=town.world["owner"].actor)
    reaches(town, row, FailoverState.STARTING)
    row = Subscription.objects.select_related("authority").get(pk=row.pk)
    assert exported(town, row).state == ExportState.EXPORTED
    assert Operation.objects.get(kind="failover").ended_at is None and len(archive) == 1


def test_what_was_taken_comes_home_though_the_machines_go_meanwhile(
    town: Town, row: Subscription, hybrid: MemoryProvider, archive: dict[str, bytes]
) -> None:
    """An approver says yes to an older ask in the middle of it."""
    row, by = failed_over(town, row, hybrid), town.world["owner"].actor
    asked = failing_over.fail_back(subscription=row, by=by)
    workers_make_plans()
    exporting.begin_export(subscription=row, by=by)
    workers_go_on(town, row, lambda seen: seen.operation.place > 0)
    town.approve(Request.objects.get(pk=asked.pk))
    reaches(town, row, FailoverState.ENDED)
    assert workers_go_on(town, row, settled).state == ExportState.EXPORTED
    assert running(hybrid) == [] and len(archive) == 2
    with pytest.raises(NotFailedOver):
        exporting.begin_export(subscription=Subscription.objects.get(pk=row.pk), by=by)
    drilling.tick()


def test_a_machine_of_a_cluster_without_a_way_home_is_left_out_and_holds_nothing_up(
    town: Town, both: Subscription, hybrid: MemoryProvider
) -> None:
    """Its region file names no storage for backups: nothing is asked of the cluster, and the machines can go."""
    for name in ("files", "web"):
        point(both, name)
    hybrid.consoles["web"] = "login:"
    hybrid.agents.add("files")
    by = town.world["owner"].actor
    failing_over.fail_over(subscription=both, by=by)
    reaches(town, both, FailoverState.STANDING)
    row = Subscription.objects.get(pk=both.pk)
    seen = exported(town, row)
    assert (seen.state, seen.found("files").left_out) == (ExportState.INCOMPLETE, "NoBackupStorage")
    assert set(came_home([seen], row)) == {"web"}
    assert not hybrid.handlers["proxmox.guest_backup"].made
    assert failing_over.fail_back(subscription=row, by=by)
