"""Who is told of a mandate, and when: the owners of both bodies, as it is given, a month and a week before its end,
and as it ends. Each is a row that `mailing` hands over; marks that were slept through are passed over.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from tenants.models import Mandate, MandateNews, MandateNotice

# The most urgent first. A mandate that was given for less than the mark needs no word about it.
_MARKS: Final = ((timedelta(days=7), MandateNews.ENDS_IN_7), (timedelta(days=30), MandateNews.ENDS_IN_30))
# Workers that slept for longer tell nobody of an end that is old news.
_STILL_NEWS: Final = timedelta(days=3)


def announce(mandate: Mandate, news: MandateNews) -> None:
    """Both sides have yet to be told; in the caller's transaction. IntegrityError when they were."""
    for side in (mandate.town, mandate.body):
        MandateNotice.objects.create(mandate=mandate, news=news, to=side)


def tick() -> None:
    """One look at every mandate that is about to end or has just ended by itself."""
    for row, moment in _ending():
        news = MandateNews.ENDED if row.until <= moment else _mark(row, moment)
        if news is None or news in {notice.news for notice in row.notices.all()}:
            continue
        with suppress(IntegrityError), transaction.atomic():  # another worker looked in the same second
            announce(row, news)


def _mark(row: Mandate, moment: datetime) -> MandateNews | None:
    left, given_for = row.until - moment, row.until - row.given_at
    return next((news for mark, news in _MARKS if left <= mark < given_for), None)


def _ending() -> Iterable[tuple[Mandate, datetime]]:
    near = Mandate.objects.filter(
        ended_at=None, until__gt=Now() - _STILL_NEWS, until__lte=Now() + _MARKS[-1][0]
    ).select_related("town", "body")
    rows: QuerySet[Any] = near.prefetch_related("notices").annotate(moment=Now())
    return [(row, row.moment) for row in rows]
