"""A failover with images out of the Ceph beside the cloud: what stands in the town's project, and that it goes."""

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from elaastic.levels import LEVELS, Mode
from elaastic.levels.started import Started
from lab.deadline import wait_until
from provisioning.domain.course import WATCH, Step
from provisioning.domain.findings import Findings
from provisioning.domain.manifest import Manifest
from provisioning.models import Operation, Plan, clock
from provisioning.services import operations, stacks
from tests.provisioning.providers.openstack.region import TERMS, Subscribed, hurry
from tests.provisioning.providers.openstack.test_openstack_drill import (
    FAKE_SAYS,
    GOOD,
    ceph_lab,
    course,
    machine,
    subscribed,
)

__all__ = ["ceph_lab", "subscribed"]
pytestmark = pytest.mark.django_db(transaction=True)


def approved(at: Subscribed, mode: Mode, purge: tuple[str, ...] = ()) -> Plan:
    """What the portal's request brings about."""
    blueprint = LEVELS[2].blueprint
    assert blueprint is not None
    manifest: Manifest = blueprint(TERMS, at.placement, mode)
    plan = Plan.objects.get(pk=stacks.propose_plan(at.town.stack, manifest, at.placement, purge))
    assert not plan.unseen
    stacks.approve_plan(plan.pk, plan.digest)
    return plan


def worked(at: Subscribed, key: str, until: Callable[[Operation], bool], what: str) -> Operation:
    def reached() -> bool:
        Operation.objects.filter(stack__key=key).update(due_at=clock.now())
        operations.carry_on_next()
        hurry(at.town.stack)
        return until(Operation.objects.get(stack__key=key))

    wait_until(what, reached, timeout_s=180, every_s=0.2)
    return Operation.objects.get(stack__key=key)


def test_the_machines_stand_in_their_turn_in_the_towns_own_project_and_go_when_told(subscribed: Subscribed) -> None:
    at, cloud = subscribed, subscribed.town.outside
    one, other = (machine(at, name, GOOD, "raw") for name in ("web", "mail"))
    wanted = course(at, [one, other], FAKE_SAYS)
    watched = tuple(Step(WATCH, s.group, s.machine, s.seconds, s.text) for s in wanted.steps if s.kind == "check")
    key = f"o{uuid.uuid4().hex[:10]}"
    operations.begin(key=key, host=at.town.stack, kind="failover", course=replace(wanted, steps=watched, real=True))
    brought = worked(at, key, lambda row: row.place == 1, "the images on the worker's disk")
    found = Findings.parse(brought.found)
    started = tuple(
        Started(
            m.name,
            turn,
            found.of(m.name).file,
            m.source.sha512,
            m.source.form,
            found.of(m.name).size,
            wanted.place.zone,
        )
        for turn, m in enumerate((one, other), start=1)
    )
    plan = approved(at, Mode(failed_over=started))
    touched = {change["kind"] for change in plan.changes}
    assert touched == {"openstack.image", "openstack.port", "openstack.router", "openstack.server"}
    done = worked(at, key, lambda row: row.ended_at is not None, "both to answer")
    assert done.verdict == "passed", (done.reason, done.message)
    found = Findings.parse(done.found)
    assert found.of("web").started_at <= found.of("mail").started_at and FAKE_SAYS in found.of("mail").console
    servers = list(cloud.compute.servers(all_projects=True, project_id=at.project))
    web, mail = sorted(servers, key=lambda server: server.created_at)
    assert ("machine-web" in web.name, "machine-mail" in mail.name) == (True, True)
    (router,) = cloud.network.routers(project_id=at.project)
    assert router.external_gateway_info
    assert set(at.states().values()) == {"ready"}

    plan = approved(at, Mode(), ("machine-web", "machine-mail"))
    gone = {change["name"]: change["purge"] for change in plan.changes if change["action"] == "delete"}
    assert gone == {
        f"{part}-{n}": part == "machine" for part in ("image", "plug", "machine") for n in ("web", "mail")
    }

    def at_rest() -> bool:
        hurry(at.town.stack)
        return not any(name.endswith(("-web", "-mail")) for name in at.states())

    wait_until("the machines to be gone", at_rest, timeout_s=120, every_s=0.2)
    assert not list(cloud.compute.servers(all_projects=True, project_id=at.project))
    assert not list(cloud.image.images(owner=at.project))
    (router,) = cloud.network.routers(project_id=at.project)
    assert not router.external_gateway_info
