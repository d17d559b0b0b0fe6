"""The stages of a failover: it brings the images, and then only watches and times.

What starts, and in which turn, stands in the host's own manifest, which people decided on. Nothing here gives up: a
machine whose image cannot be had is left out, and the others go on; one that is silent is waited for, until it
answers or a person ends it.
"""

from collections.abc import Mapping
from typing import Final

from provisioning.domain import course as parts
from provisioning.domain.conditions import State
from provisioning.domain.course import Machine, image_of, server_of
from provisioning.domain.findings import Findings
from provisioning.operations.checks import LOOKS
from provisioning.operations.ground import Standing
from provisioning.operations.moment import LOOK_AGAIN_S, Again, Answer, Done, Judged, Moment
from provisioning.operations.stages import Stages, brought, clean, fitting, taking


def bring(at: Moment) -> Answer:
    """Each image to the worker's disk, and a size for each machine; those that have none are left out."""
    found = at.found
    for machine in at.course.machines:
        mine = found.of(machine.name)
        if mine.file or mine.left_out:
            continue
        answer = brought(at, machine)
        if isinstance(answer, Again):
            return answer
        return Again(0, found.noting(machine.name, left_out=answer.reason))
    for choose in (_sized, _stored):
        found = choose(at, found)
    if not _going(at, found):
        return Judged("not_tested", "NothingStarts", "No machine can be started.", found)
    return Done(found)


def _sized(at: Moment, found: Findings) -> Findings:
    mine = _going(at, found, "openstack")
    offered = at.ground.sizes(at.course.place.platforms["openstack"]) if mine else []
    for machine in mine:
        size = fitting(machine, offered)
        found = found.noting(machine.name, **({"size": size.name} if size else {"left_out": "NoSize"}))
    return found


def _stored(at: Moment, found: Findings) -> Findings:
    mine = _going(at, found, "proxmox")
    offered = at.ground.stores(at.course.place.platforms["proxmox"]) if mine else []
    for machine in mine:
        stores = taking(machine, offered)
        found = found.noting(machine.name, **({"stores": stores} if stores else {"left_out": "NoStore"}))
    return found


def _going(at: Moment, found: Findings, system: str = "") -> list[Machine]:
    there = at.course.on(system) if system else at.course.machines
    return [machine for machine in there if not found.of(machine.name).left_out]


def watch(at: Moment) -> Answer:
    """Note what happened to all of them; done when those of this group have answered."""
    rows, found = at.ground.hosted(), at.found
    for machine in _going(at, found):
        found = _looked_at(at, machine, rows, found)
    mine = {step.machine for step in at.stage.steps} & {machine.name for machine in _going(at, found)}
    return Done(found) if all(found.of(name).answered_at for name in mine) else Again(LOOK_AGAIN_S, found)


def _looked_at(at: Moment, machine: Machine, rows: Mapping[str, Standing], found: Findings) -> Findings:
    name, now = machine.name, at.ground.now()
    known, server = found.of(name), rows.get(server_of(name))
    if not known.imported_at and _stands(rows.get(image_of(name))):
        found = found.noting(name, imported_at=now)
    if server is None:
        return found
    if not known.asked_at:
        found = found.noting(name, asked_at=now)
    if not known.started_at and _stands(server):
        found = found.noting(name, started_at=now)
    if known.answered_at or not found.of(name).started_at:
        return found
    mine = [step for step in at.course.steps if step.machine == name]
    seen = LOOKS[machine.system](at, found, mine, server.external_id)
    if isinstance(seen, Judged):  # nothing in it can ask what the plan wants to know: a person sees, and decides
        return seen.found.noting(name, console=seen.message)
    found, unmet = seen
    return found if unmet else found.noting(name, answered_at=at.ground.now())


def _stands(row: Standing | None) -> bool:
    return row is not None and row.condition.state == State.READY


FAILOVER: Final[Stages] = {parts.IMAGES: bring, parts.WATCH: watch, parts.CLEAN: clean}
