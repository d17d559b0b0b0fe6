"""Whether machines came back: by what they write on their console, or by the agent inside them.

A machine that runs and does not answer in its time is a copy that does not come back; one that is gone, switched
off, or whose site is down says nothing about the copy.
"""

from collections.abc import Callable, Mapping
from typing import Final

from provisioning.domain.asking import COMMANDS, Asking
from provisioning.domain.course import Step, server_of
from provisioning.domain.errors import PermanentError
from provisioning.domain.findings import CONSOLE_LINES, KEPT_LINES, Findings, seconds_between
from provisioning.operations import inside
from provisioning.operations.moment import LOOK_AGAIN_S, Again, Answer, Done, Judged, Moment

# A silent agent takes three seconds; all of a look must be over long before the claim is.
_AT_ONCE: Final = 8
# Longer than any command of ours takes.
_HEARD_S: Final = 30
# Looks once at all checks of one machine: what was found, and which of them are not met yet.
Look = Callable[[Moment, Findings, list[Step], str], tuple[Findings, list[Step]] | Judged]


def check(at: Moment) -> Answer:
    """Every machine of the group answers, or one does not within its time. Those that were not looked at for
    longest come first.
    """
    rows, found = at.ground.standing(), at.found
    silent = sorted(
        {step.machine for step in at.stage.steps if not found.of(step.machine).answered_at},
        key=lambda name: (found.of(name).looked_at, name),
    )
    for name in silent[:_AT_ONCE]:
        if (row := rows.get(server_of(name))) is None:
            return _vanished(found, name)
        mine = [step for step in at.stage.steps if step.machine == name]
        try:
            seen = LOOKS[at.course.machine(name).system](at, found, mine, row.external_id)
        except PermanentError as error:
            if error.reason != "NotThere":
                raise
            return _vanished(found, name)
        if isinstance(seen, Judged):
            return seen
        found, unmet = seen
        now = at.ground.now()
        found = found.noting(name, looked_at=now, **({} if unmet else {"answered_at": now}))
        if (late := _late(found, unmet, now)) is not None:
            return _silent(at, found, late, row.external_id)
    done = all(found.of(name).answered_at for name in silent)
    return Done(found) if done else Again(LOOK_AGAIN_S, found)


def _vanished(found: Findings, name: str) -> Judged:
    return Judged("not_tested", "Vanished", "The machine is gone from the platform.", found, name)


def read_console(at: Moment, found: Findings, mine: list[Step], machine_id: str) -> tuple[Findings, list[Step]]:
    """All that it wrote, of which the last lines are kept, since they say why; and which of its checks are not met
    yet. `mine` are of one machine, and at least one.
    """
    name = mine[0].machine
    text = at.ground.console(at.course.platform_of(name), machine_id, CONSOLE_LINES)
    kept = "\n".join(text.splitlines()[-KEPT_LINES:])
    return found.noting(name, console=kept), [step for step in mine if not step.text or step.text not in text]


LOOKS: Final[Mapping[str, Look]] = {"openstack": read_console, "proxmox": inside.look}


def _late(found: Findings, unmet: list[Step], now: str) -> Step | None:
    """The first of a machine's whose time is over; a command that runs is heard to its end."""
    if not unmet:
        return None
    one = found.of(unmet[0].machine)
    grace = _HEARD_S if Asking.parse(one.asking).pid else 0
    waited = seconds_between(one.started_at, now) or 0
    return next((step for step in unmet if waited > step.seconds + grace), None)


def _silent(at: Moment, found: Findings, step: Step, machine_id: str) -> Judged:
    platform = at.course.platform_of(step.machine)
    if at.ground.is_down(platform, at.course.place.site):
        return Judged("not_tested", "SiteDown", "The site went down while the machines were starting.", found)
    if not at.ground.runs(platform, machine_id):
        return Judged("not_tested", "SwitchedOff", "The machine no longer runs.", found, step.machine)
    deaf = step.check in COMMANDS and found.of(step.machine).console.endswith(inside.NO_ANSWER)
    return Judged("backup_bad", *_WORDS["agent" if deaf else step.check](step), found, step.machine)


def _no_text(step: Step) -> tuple[str, str]:
    return "NoAnswer", f"{step.text!r} did not appear on its console within {step.seconds} s."


def _no_agent(step: Step) -> tuple[str, str]:
    return "AgentSilent", f"The agent inside it did not answer within {step.seconds} s."


def _no_port(step: Step) -> tuple[str, str]:
    return "PortClosed", f"Port {step.port} did not answer inside it within {step.seconds} s."


def _no_page(step: Step) -> tuple[str, str]:
    return "PageMissing", f"The page {step.path} on port {step.port} did not come within {step.seconds} s."


_WORDS: Final = {"console": _no_text, "agent": _no_agent, "tcp": _no_port, "http": _no_page}
