"""Which of a guest's backups a retention rule keeps: newest first, one of each hour, day, week, month, year."""

import datetime
import re
from collections.abc import Callable
from typing import Any

Rules = dict[str, int]

_PERIODS: tuple[tuple[str, str], ...] = (
    ("hourly", "%Y-%m-%d %H"), ("daily", "%Y-%m-%d"), ("weekly", "%G-%V"), ("monthly", "%Y-%m"), ("yearly", "%Y"),
)  # fmt: skip


def rules_in(text: str) -> Rules:
    """`keep-last=1,keep-daily=7` as numbers; nothing given keeps all."""
    return {name: int(number) for name, number in re.findall(r"keep-(\w+)=(\d+)", text)}


def marks(backups: list[dict[str, Any]], rules: Rules, name: str = "volid") -> dict[str, str]:
    """Each backup's `name` to keep, remove or protected; `ctime` is seconds since 1970."""
    newest = sorted(backups, key=lambda backup: int(backup["ctime"]), reverse=True)
    found = {str(backup[name]): "protected" for backup in newest if backup.get("protected")}
    if rules.get("all") or not any(rules.values()):
        return {**{str(backup[name]): "keep" for backup in newest}, **found}
    free = [backup for backup in newest if str(backup[name]) not in found]
    for backup in free[: rules.get("last", 0)]:
        found[str(backup[name])] = "keep"
    for period, form in _PERIODS:
        _mark_period(free, found, rules.get(period, 0), _formatter(form), name)
    return {**{str(backup[name]): "remove" for backup in free}, **found}


def _formatter(form: str) -> Callable[[int], str]:
    return lambda moment: datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime(form)


def _mark_period(
    free: list[dict[str, Any]], found: dict[str, str], count: int, of: Callable[[int], str], name: str
) -> None:
    """Periods that an earlier rule has already kept something of do not count again."""
    done = {of(int(backup["ctime"])) for backup in free if found.get(str(backup[name])) == "keep"}
    kept: set[str] = set()
    for backup in free:
        period = of(int(backup["ctime"]))
        if str(backup[name]) in found or period in done or period in kept:
            continue
        if len(kept) >= count:
            return
        kept.add(period)
        found[str(backup[name])] = "keep"
