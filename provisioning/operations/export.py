"""The stages of an export: images of the machines as they are, all at once; then one by one into the archive.

The machines run on: an image is what a disk is after a power cut (ADR 37). One machine of which none can be had is
left out, and the others go on; what was made on the platform is removed in the end, whatever came of it.
"""

from contextlib import suppress
from typing import Any, Final

from provisioning.domain import course as parts
from provisioning.domain.conditions import AWAY, State
from provisioning.domain.course import LARGEST, Machine, copy_of, server_of
from provisioning.domain.errors import NotFound, PermanentError, ProviderError, TemporaryError
from provisioning.domain.findings import Findings, Found, seconds_between
from provisioning.domain.manifest import Desired, Manifest
from provisioning.operations.ground import Standing
from provisioning.operations.moment import LOOK_AGAIN_S, Again, Answer, Done, Judged, Moment
from provisioning.operations.stages import GOES_ON, Stages, clean
from provisioning.operations.standing import BLUEPRINT

# By system: the kind that is made of a machine, and the field of its spec that has the machine's id.
COPIES: Final = {"openstack": ("openstack.server_image", "server"), "proxmox": ("proxmox.guest_backup", "guest")}
# A platform that in so long has made no image, or given none away, is not waited for.
PATIENCE_S: Final = 3600


def take(at: Moment) -> Answer:
    """Ask for an image of each machine that stands, together, and wait until their content is there."""
    found = _asked(at)
    wanted = [one for one in at.course.machines if found.of(one.name).server]
    applied = at.ground.apply(_manifest(at, wanted, found))
    rows = at.ground.standing() if applied else {}
    trouble = ""
    for machine in _going(at, found):
        if not found.of(machine.name).taken_at:
            new, met = _looked(at, machine, rows.get(copy_of(machine.name)), found)
            found, trouble = found.noting(machine.name, **new), trouble or met
    if all(found.of(one.name).taken_at for one in _going(at, found)):
        return Done(found)
    return Again(LOOK_AGAIN_S, found, trouble)


def _asked(at: Moment) -> Findings:
    """With the machine of which each image is to be, written down before one is asked for."""
    found, hosted = at.found, None
    for machine in _going(at, found):
        if found.of(machine.name).asked_at:
            continue
        hosted = at.ground.hosted() if hosted is None else hosted
        row = hosted.get(server_of(machine.name))
        if row is None or not row.external_id:
            found = found.noting(machine.name, left_out="MachineGone")
        elif not at.ground.copies(at.course.platform_of(machine.name)):
            # Asked for all the same, it would fail, and its cleaning with it, until somebody makes one.
            found = found.noting(machine.name, left_out="NoBackupStorage")
        else:
            found = found.noting(machine.name, asked_at=at.ground.now(), server=row.external_id)
    return found


def _manifest(at: Moment, machines: list[Machine], found: Findings) -> Manifest:
    return Manifest(
        BLUEPRINT,
        tuple(
            Desired(
                copy_of(one.name), COPIES[one.system][0], at.course.platform_of(one.name),
                {COPIES[one.system][1]: found.of(one.name).server},
            )
            for one in machines
        ),
    )  # fmt: skip


def _looked(at: Moment, machine: Machine, row: Standing | None, found: Findings) -> tuple[dict[str, Any], str]:
    """What is new about one, and what is in its way: what does not answer holds up no machine but its own."""
    try:
        return _seen(at, machine, row, found), ""
    except TemporaryError as error:
        late = _waited_s(at, found) > PATIENCE_S
        return ({"left_out": error.reason} if late else {}), error.message


def _seen(at: Moment, machine: Machine, row: Standing | None, found: Findings) -> dict[str, Any]:
    """What is new about one; nothing while it is waited for."""
    if row is not None and _stuck(row):
        return {"left_out": row.condition.reason}
    try:
        platform = at.course.platform_of(machine.name)
        taken = at.ground.taken(platform, row.external_id) if row is not None and row.external_id else None
    except PermanentError as error:
        return {"left_out": error.reason}
    if taken is None:
        return {"left_out": _late(row)} if _waited_s(at, found) > PATIENCE_S else {}
    told = {"form": taken.form, "bytes": taken.bytes, "sha512": taken.sha512}
    if not taken.bytes:
        return {"left_out": "TaskFailed"}
    if taken.bytes > LARGEST:
        return {**told, "left_out": "TooLarge"}
    return {**told, "taken_at": at.ground.now(), "key": f"{machine.source.key}.{taken.form}"}


def _late(row: Standing | None) -> str:
    """What the engine says that it waits for, where that is a platform that is away."""
    reason = row.condition.reason if row is not None else ""
    return reason if reason in AWAY else "TooSlow"


def _stuck(row: Standing) -> bool:
    state, reason = row.condition.state, row.condition.reason
    return state in (State.FAILED, State.DRIFTED) or (state == State.BLOCKED and reason not in GOES_ON)


def carry(at: Moment) -> Answer:
    """The next one a step further: to the worker's disk, and from there into the archive. One that cannot go on now
    lets the others pass.
    """
    going, met = _going(at, at.found), list[TemporaryError]()
    for machine in going:
        if at.found.of(machine.name).stored_at:
            continue
        try:
            found = at.found.noting(machine.name, **_carried(at, machine))
        except TemporaryError as error:
            met.append(error)
        else:
            return Again(0, found, met[0].message if met else "")
    if met:
        raise met[0]
    if len(going) == len(at.course.machines):
        return Done(at.found)
    name = next(one.name for one in at.course.machines if one not in going)
    why = at.found.of(name).left_out
    return Judged("incomplete", why, "Not every machine could be exported.", at.found, name)


def _carried(at: Moment, machine: Machine) -> dict[str, Any]:
    mine = at.found.of(machine.name)
    try:
        return _stored(at, machine, mine) if mine.file else _collected(at, machine, mine)
    except FileNotFoundError:  # another worker's disk, or somebody tidied it up
        return {"file": ""}
    except PermanentError as error:
        return {"left_out": error.reason}
    except (NotFound, OSError, ProviderError) as error:
        reason = error.reason if isinstance(error, ProviderError) else _WORDS[isinstance(error, OSError)]
        if _waited_s(at, at.found) > PATIENCE_S:
            return {"left_out": reason}
        raise TemporaryError(str(error), reason=reason) from error


_WORDS: Final = {False: "ArchiveAway", True: "SpoolFull"}


def _collected(at: Moment, machine: Machine, mine: Found) -> dict[str, Any]:
    row = at.ground.standing().get(copy_of(machine.name))
    if row is None:
        return {"left_out": "TaskFailed"}
    file = at.ground.folder() / f"{machine.name}.{mine.form}"
    came = at.ground.collect(at.course.platform_of(machine.name), row.external_id, file, mine.sha512)
    return {"file": str(file), "sha512": came, "brought_at": at.ground.now()}


def _stored(at: Moment, machine: Machine, mine: Found) -> dict[str, Any]:
    at.ground.store(
        machine.source.archive, mine.key, at.ground.folder() / f"{machine.name}.{mine.form}", mine.sha512
    )
    return {"stored_at": at.ground.now()}


def tidy(at: Moment) -> Answer:
    """The images on the platform, the files, and what of an upload was not ended: parts of it count as used."""
    answer = clean(at)
    if isinstance(answer, Done):
        for machine in at.course.machines:
            mine = at.found.of(machine.name)
            if mine.key and not mine.stored_at:
                with suppress(NotFound, ProviderError):  # the archive's own rule removes them after a week
                    at.ground.abandon(machine.source.archive, mine.key)
    return answer


def _going(at: Moment, found: Findings) -> list[Machine]:
    return [machine for machine in at.course.machines if not found.of(machine.name).left_out]


def _waited_s(at: Moment, found: Findings) -> int:
    """Since the last step that led further."""
    steps = [max(one.taken_at, one.brought_at, one.stored_at) for one in found.machines.values()]
    return seconds_between(max([at.entered_at, *steps]), at.ground.now()) or 0


EXPORT: Final[Stages] = {parts.TAKE: take, parts.CARRY: carry, parts.CLEAN: tidy}
