"""What each stage does, a little at a time: every function looks, does what can be done now, and says how to go on.

All of it can be done again after a kill: what stands is in the engine's rows, what was measured is stored with the
place. `backup_bad` and `not_tested` are different answers, and only what the image itself caused is the first.
"""

from collections.abc import Callable, Mapping
from typing import Final

from provisioning.domain import course as parts
from provisioning.domain.conditions import GOES_ON_TRYING, Condition, State
from provisioning.domain.course import Machine, image_of, server_of
from provisioning.domain.errors import NotFound, PermanentError, ProviderError, TemporaryError
from provisioning.domain.findings import Findings
from provisioning.domain.manifest import Manifest
from provisioning.operations.checks import check
from provisioning.operations.ground import Size, Standing, Store
from provisioning.operations.moment import LOOK_AGAIN_S, Again, Answer, Done, Judged, Moment
from provisioning.operations.standing import BLUEPRINT, manifest

_RETRY_S: Final = 30.0
# What the engine says of an image that is at fault itself; anything else is the region's.
_OF_THE_IMAGE: Final = frozenset({"ImageRefused", "ContentDiffers"})
# Waits for no person: the engine goes on by itself.
GOES_ON: Final = GOES_ON_TRYING | {"DoesNotFinish"}


def images(at: Moment) -> Answer:
    """Bring each image from its archive, and have the platform import it."""
    found = at.found
    for machine in at.course.machines:
        if not found.of(machine.name).file:
            return brought(at, machine)
    for choose in (_sized, _stored):
        chosen = choose(at, found)
        if isinstance(chosen, Judged):
            return chosen
        found = chosen
    return _applied(at, found, [])


def brought(at: Moment, machine: Machine) -> Again | Judged:
    """One image, on the worker's disk; or why it is none."""
    file = at.ground.folder() / f"{machine.name}.{machine.source.form}"
    try:
        at.ground.fetch(machine.source, file)
    except NotFound as error:  # its archive cannot be reached now
        raise TemporaryError(error.message) from error
    except OSError as error:
        message = f"The worker's disk does not take the image of {machine.name} ({error.strerror})."
        raise TemporaryError(message, reason="SpoolFull") from error
    except PermanentError as error:
        reason = "ImageGone" if error.reason == "NotThere" else error.reason
        bad = reason in _OF_THE_IMAGE
        return Judged("backup_bad" if bad else "not_tested", reason, error.message, at.found, machine.name)
    return Again(0, at.found.noting(machine.name, file=str(file), brought_at=at.ground.now()))


def _sized(at: Moment, found: Findings) -> Findings | Judged:
    missing = [machine for machine in at.course.on("openstack") if not found.of(machine.name).size]
    offered = at.ground.sizes(at.course.place.platforms["openstack"]) if missing else []
    for machine in missing:
        size = fitting(machine, offered)
        if size is None:
            message = "The platform has no flavor of exactly its processors and memory."
            return Judged("not_tested", "NoSize", message, found, machine.name)
        found = found.noting(machine.name, size=size.name)
    return found


def _stored(at: Moment, found: Findings) -> Findings | Judged:
    missing = [machine for machine in at.course.on("proxmox") if not found.of(machine.name).stores]
    offered = at.ground.stores(at.course.place.platforms["proxmox"]) if missing else []
    for machine in missing:
        stores = taking(machine, offered)
        if not stores:
            message = "The platform has no storage on all its nodes that takes its image, or its disk."
            return Judged("not_tested", "NoStore", message, found, machine.name)
        found = found.noting(machine.name, stores=stores)
    return found


def taking(machine: Machine, offered: list[Store]) -> str:
    """The storages for its image and for its disk, with a space between; "" where one of them is wanting."""
    image = roomiest(offered, "import", machine.source.bytes)
    disk = roomiest(offered, "images", machine.disk_gib << 30)
    return f"{image.name} {disk.name}" if image and disk else ""


def roomiest(offered: list[Store], content: str, needed: int) -> Store | None:
    """Of those that take that `content` and have `needed` bytes free, the one with most."""
    fits = [one for one in offered if content in one.takes and one.free >= needed]
    return max(fits, key=lambda one: (one.free, one.name), default=None)


def fitting(machine: Machine, offered: list[Size]) -> Size | None:
    """Exactly its processors and memory: more would not fit into the reserve once all machines run. The smallest
    disk that holds it.
    """
    wanted = (machine.vcpus, machine.ram_mib)
    same = [size for size in offered if (size.vcpus, size.ram_mib) == wanted]
    enough = [size for size in same if size.disk_gib == 0 or size.disk_gib >= machine.disk_gib]
    return min(enough, key=lambda size: (size.disk_gib, size.name), default=None)


def start(at: Moment) -> Answer:
    """Ask for the machines of a group, together, and wait until the platform says that they run."""
    found, now = at.found, at.ground.now()
    mine = [step.machine for step in at.stage.steps]
    for name in mine:
        if not found.of(name).asked_at:
            found = found.noting(name, asked_at=now)
    return _applied(at, found, at.course.started_by(at.place), mine)


def _applied(at: Moment, found: Findings, started: list[Machine], mine: list[str] | None = None) -> Answer:
    """Everything up to here is wanted; done when all of it stands."""
    wanted = manifest(at.course, started, found)
    if not at.ground.apply(wanted):
        return _again_or_untested(at, found, {})
    rows = at.ground.standing()
    if (trouble := _trouble(rows)) is not None:
        return _blamed(at, found, *trouble)
    if any(one.name not in rows or rows[one.name].condition.state != State.READY for one in wanted.resources):
        return _again_or_untested(at, found, rows)
    now = at.ground.now()
    for name in mine or ():
        found = found.noting(name, started_at=now)
    for machine in at.course.machines:
        if not found.of(machine.name).imported_at:
            found = found.noting(machine.name, imported_at=now)
    return Done(found)


def _trouble(rows: Mapping[str, Standing]) -> tuple[str, Condition] | None:
    """What waits for a person, in a stack that nobody looks after: an image's own fault before all else."""
    stuck = [
        (name, row.condition)
        for name, row in rows.items()
        if row.condition.state == State.FAILED
        or (row.condition.state == State.BLOCKED and row.condition.reason not in GOES_ON)
    ]
    return min(stuck, key=lambda one: (one[1].reason not in _OF_THE_IMAGE, one[0]), default=None)


def _blamed(at: Moment, found: Findings, name: str, said: Condition) -> Judged:
    names = [machine.name for machine in at.course.machines]
    about = next((one for one in names if name in (image_of(one), server_of(one))), "")
    bad = said.reason in _OF_THE_IMAGE and name == image_of(about)
    return Judged("backup_bad" if bad else "not_tested", said.reason, said.message, found, about)


def _again_or_untested(at: Moment, found: Findings, rows: Mapping[str, Standing]) -> Answer:
    if at.waited_s() <= at.patience_s():
        return Again(LOOK_AGAIN_S, found)
    late = next((row.condition for row in rows.values() if row.condition.state == State.BLOCKED), None)
    if late is not None:
        return Judged("not_tested", late.reason, late.message, found)
    return _untested(at, "TooSlow", "The platform did not get ready in time.")


def _untested(at: Moment, reason: str, message: str) -> Judged:
    return Judged("not_tested", reason, message, at.found)


def pause(at: Moment) -> Answer:
    """As long as the plan says."""
    left = max(step.seconds for step in at.stage.steps) - at.waited_s()
    return Done(at.found) if left <= 0 else Again(min(left, 5.0), at.found)


def people(at: Moment) -> Answer:
    """Until each was ticked by somebody."""
    numbers = [str(number) for number, step in enumerate(at.course.steps) if step in at.stage.steps]
    done = all(number in at.found.done for number in numbers)
    return Done(at.found) if done else Again(LOOK_AGAIN_S, at.found)


def clean(at: Moment) -> Answer:
    """Nothing of it is left: not a machine, not an image, not a file. It is tried until it is so."""
    at.ground.forget_folder()
    rows = at.ground.standing()
    if not rows:
        return Done(at.found)
    told = next((one.condition.message for one in rows.values() if one.condition.reason not in _UNDER_WAY), "")
    if at.ground.apply(Manifest(BLUEPRINT), purge=list(rows)) and _trouble(rows) is not None:
        at.ground.retry()
        return Again(_RETRY_S, at.found, told)
    return Again(LOOK_AGAIN_S, at.found, told)


# What goes as it should says one of these.
_UNDER_WAY: Final = frozenset({"", "Waiting", "Creating", "Updating", "Deleting", "Confirming"})


Stages = Mapping[str, Callable[[Moment], Answer]]
STAGES: Final[Stages] = {
    parts.IMAGES: images,
    parts.PAUSE: pause,
    parts.PEOPLE: people,
    parts.START: start,
    parts.CHECK: check,
    parts.CLEAN: clean,
}


def carry_on(at: Moment, stages: Stages = STAGES) -> tuple[Answer, str]:
    """One step of the present stage; and the trouble, where a platform did not answer: the step is tried again. A
    failover is never given up, and an export gives up a machine, not the rest.
    """
    try:
        answer = stages[at.stage.kind](at)
        return answer, answer.trouble if isinstance(answer, Again) else ""
    except ProviderError as error:
        lasts = at.course.real or at.course.exports
        given_up = not lasts and at.stage.kind != parts.CLEAN and at.waited_s() > at.patience_s()
        if given_up:
            return Judged("not_tested", error.reason, error.message, at.found), ""
        return Again(5.0, at.found), error.message
