"""Which level fits: six answers in, a level and its reasons out. Pure; the sentences stand with the pages' words.

The slides advise very small authorities toward SaaS: whoever has nobody to look after a machine is better off
without one. What they keep at the town hall meanwhile is still copied, with level 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# question -> its answers, from the least to the most demanding. The names are stable.
QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "population": ("under_1000", "under_3000", "under_15000", "over_15000"),
    "staff": ("nobody", "supplier", "one", "team"),
    "servers": ("none", "files", "virtual_machines"),
    "downtime": ("weeks", "days", "day", "hours"),
    "loss": ("week", "day", "hour", "minutes"),
    "server_room": ("good", "old"),
}
# Every reason that `advise` may give, in the order in which it gives them.
REASONS: Final = (
    "saas_no_servers",
    "saas_nobody_looks_after",
    "saas_too_small",
    "copies_suffice",
    "machines_must_start_elsewhere",
    "files_come_back_from_copies",
    "daily_copies_lose_too_much",
    "room_must_be_renewed",
    "copies_meanwhile",
)
_IMPATIENT: Final = frozenset({"day", "hours"})
_SPARING: Final = frozenset({"hour", "minutes"})


@dataclass(frozen=True)
class Advice:
    """`saas`: programs as a service come first, and `level` is for what stays at the town hall."""

    level: int
    saas: bool
    reasons: tuple[str, ...]


def advise(answers: Mapping[str, str]) -> Advice:
    """The advice for six valid answers."""
    level, reasons = _level(answers)
    saas = _toward_saas(answers, level)
    if saas:
        return Advice(1, True, (*saas, "copies_meanwhile"))
    return Advice(level, False, reasons)


def _level(answers: Mapping[str, str]) -> tuple[int, tuple[str, ...]]:
    machines = answers["servers"] == "virtual_machines"
    if machines and answers["loss"] in _SPARING:
        if answers["server_room"] == "old":
            return 4, ("daily_copies_lose_too_much", "room_must_be_renewed")
        return 3, ("daily_copies_lose_too_much",)
    if machines and answers["downtime"] in _IMPATIENT:
        if answers["server_room"] == "old" and answers["staff"] == "team":
            return 4, ("machines_must_start_elsewhere", "room_must_be_renewed")
        return 2, ("machines_must_start_elsewhere",)
    if answers["downtime"] in _IMPATIENT or answers["loss"] in _SPARING:
        return 1, ("files_come_back_from_copies",)
    return 1, ("copies_suffice",)


def _toward_saas(answers: Mapping[str, str], level: int) -> tuple[str, ...]:
    """Why the programs should move, for those whom it helps; nothing for everybody else."""
    small = answers["population"] in ("under_1000", "under_3000")
    if small and answers["servers"] == "none":
        return ("saas_no_servers",)
    if small and answers["staff"] == "nobody":
        return ("saas_nobody_looks_after",)
    if answers["population"] == "under_1000" and answers["staff"] != "team" and level > 1:
        return ("saas_too_small",)
    return ()
