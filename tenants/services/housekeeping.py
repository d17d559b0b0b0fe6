"""What served its purpose goes: answers, sessions, counts, sign-ins. No decision, and no trail."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from axes.models import AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from tenants.models import CacheRow, CallCount, IdempotencyRecord, Registration, RegistrationState
from tenants.usage import present_minute

# Clients are promised that an answer is remembered for a day.
ANSWERS_KEPT: Final = timedelta(days=2)
# Sessions and the cache end by the web's clocks, which may differ from the database's by this much.
CLOCKS_APART: Final = timedelta(hours=1)
# The least that the Italian data protection authority asks for administrators (27 November 2008): six months.
SIGN_INS_KEPT: Final = timedelta(days=184)
# What nobody proved is forgotten, as the page promises; codes live for two days.
UNPROVEN_KEPT: Final = timedelta(days=7)
# A no can be asked about for half a year; then the trail alone remembers.
REFUSED_KEPT: Final = timedelta(days=184)
# A batch is one short transaction.
BATCH: Final = 1000
# The worker that does this looks after due stacks too; what is left waits for the next slot.
LONGEST_S: Final = 5.0


def remove_expired() -> None:
    """Any number of workers may do this at once: what another one is removing is passed over."""
    deadline = time.monotonic() + LONGEST_S
    for rows in _expired():
        while time.monotonic() < deadline and _remove_batch(rows) == BATCH:
            pass


def _expired() -> Iterator[QuerySet[Any]]:
    yield IdempotencyRecord.objects.filter(created_at__lt=Now() - ANSWERS_KEPT)
    yield Session.objects.filter(expire_date__lt=Now() - CLOCKS_APART)
    yield CacheRow.objects.filter(expires__lt=Now() - CLOCKS_APART)
    yield CallCount.objects.filter(minute__lt=present_minute())
    yield Registration.objects.filter(state=RegistrationState.UNPROVEN, sent_in_at__lt=Now() - UNPROVEN_KEPT)
    yield Registration.objects.filter(state=RegistrationState.REFUSED, decided_at__lt=Now() - REFUSED_KEPT)
    yield AccessLog.objects.filter(attempt_time__lt=Now() - SIGN_INS_KEPT)


def _remove_batch(rows: QuerySet[Any]) -> int:
    """How many; fewer than `BATCH` when there are no more, or others have them."""
    with transaction.atomic():
        batch = list(rows.order_by().select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        rows.model._default_manager.filter(pk__in=batch).delete()
    return len(batch)
