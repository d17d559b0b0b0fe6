"""The three-year agreement's calendar. Pure: days in Italy, no hours, so that no clock change moves them."""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Agreement:
    """`years` it runs; `grace_days` after its last day in which copies are still taken; `reminders` are days
    before its last one, `renewable_days` how long before it may be renewed.
    """

    years: int = 3
    grace_days: int = 30
    reminders: tuple[int, ...] = (90, 30, 7)
    renewable_days: int = 180

    def last_day(self, first: date) -> date:
        """The last day of an agreement that begins, or goes on, on `first`."""
        year = first.year + self.years
        if (first.month, first.day) == (2, 29) and not isleap(year):
            return date(year, 2, 28)
        return first.replace(year=year)

    def last_writing_day(self, last: date) -> date:
        """The last day on which new copies are taken."""
        return last + timedelta(days=self.grace_days)

    def due_mark(self, today: date, last: date) -> int | None:
        """Which word is due: days before the last one, 0 once it has passed, minus the grace once writing has
        stopped; the most urgent alone. None while it is too early for any.
        """
        left = (last - today).days
        marks = [mark for mark in (*self.reminders, -1, -self.grace_days - 1) if left <= mark]
        return min(marks, default=None)


THREE_YEARS = Agreement()
