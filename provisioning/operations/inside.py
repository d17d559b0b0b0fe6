"""Checks asked inside a machine, by its agent: one after the other, the most urgent first.

A command is begun in one look and read in a later one; how far that is, is stored with what was found. One whose
number was lost, or was told to somebody who died, is begun again: commands change nothing.
"""

from dataclasses import replace
from typing import Final

from provisioning.domain.asking import COMMANDS, Asking, command
from provisioning.domain.course import Step
from provisioning.domain.errors import PermanentError, TemporaryError
from provisioning.domain.findings import Findings
from provisioning.operations.ground import Ended
from provisioning.operations.moment import Judged, Moment

NO_ANSWER: Final = "no answer"
_LONGEST_WORDS: Final = 200
# Of the platform's, not of a command: somebody else deals with them.
_OTHERS: Final = frozenset({"NotThere", "Forbidden"})


def look(at: Moment, found: Findings, mine: list[Step], machine_id: str) -> tuple[Findings, list[Step]] | Judged:
    """As far as it goes now: what is not met yet. Judged when no command of ours can be started in it."""
    mine = sorted(mine, key=lambda step: step.seconds)
    name = mine[0].machine
    asking = Asking.parse(found.of(name).asking)
    while asking.check < len(mine):
        step = mine[asking.check]
        after, words = _asked(at, step, asking, machine_id)
        if after is None:
            message = f"None of the programs that ask for {_named(step)} can be started in it. {words}"
            return Judged("not_tested", "CannotAsk", message, found, name)
        if words:
            told = found.of(name).console.splitlines()[: asking.check]
            found = found.noting(name, console="\n".join([*told, f"{_named(step)}: {words}"]))
        found = found.noting(name, asking=str(after))
        if after.check == asking.check:
            break
        asking = after
    return found, mine[Asking.parse(found.of(name).asking).check :]


def _asked(at: Moment, step: Step, asking: Asking, machine_id: str) -> tuple[Asking | None, str]:
    """Where the asking is now, and what is new; None when nothing can ask."""
    platform, met = at.course.platform_of(step.machine), Asking(asking.check + 1)
    if step.check == "agent":
        return (met, "ok") if at.ground.answers(platform, machine_id) else (asking, NO_ANSWER)
    if not asking.pid:
        return _begun(at, step, asking, machine_id)
    try:
        ended = at.ground.executed(platform, machine_id, asking.pid)
    except PermanentError as error:
        if error.reason in _OTHERS:
            raise
        return replace(asking, pid=0), ""  # it no longer knows that number
    except TemporaryError as error:
        if error.reason != "NobodyAnswers":
            raise
        return replace(asking, pid=0), NO_ANSWER
    if ended is None:
        return asking, ""
    verdict = COMMANDS[step.check][asking.command].judge(ended.code, ended.output)
    if verdict == "met":
        return met, "ok"
    if verdict == "unable":
        return _next(step, asking), _words(ended)
    return replace(asking, pid=0), _words(ended)


def _begun(at: Moment, step: Step, asking: Asking, machine_id: str) -> tuple[Asking | None, str]:
    words = command(step.check, asking.command, step.port, step.path)
    try:
        pid = at.ground.execute(at.course.platform_of(step.machine), machine_id, words)
    except PermanentError as error:
        if error.reason in _OTHERS:
            raise
        return _next(step, asking), error.message
    except TemporaryError as error:
        if error.reason != "NobodyAnswers":
            raise
        return asking, NO_ANSWER
    return replace(asking, pid=pid), ""


def _next(step: Step, asking: Asking) -> Asking | None:
    there_is_one = asking.command + 1 < len(COMMANDS[step.check])
    return Asking(asking.check, asking.command + 1) if there_is_one else None


def _words(ended: Ended) -> str:
    said = " ".join((ended.errors or ended.output).split())[:_LONGEST_WORDS]
    return f"exit code {ended.code}" + (f", {said}" if said else "")


def _named(step: Step) -> str:
    return {"agent": "agent", "tcp": f"tcp {step.port}", "http": f"http {step.port} {step.path}"}[step.check]
