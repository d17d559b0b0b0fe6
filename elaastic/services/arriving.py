"""Workers' part in showing that copies arrive and come back: a look that somebody waits for, the sample of a
restore test, and the weekly reading. Every step is claimed by moving its due time.
"""

import logging
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from elaastic.models import RestoreState, RestoreTest, Subscription, VerificationKind
from elaastic.permissions import may_ask, may_read_region
from elaastic.selectors.readings import last_look, next_to_read
from elaastic.services.intake import note_images
from elaastic.services.ledger import enter
from elaastic.services.proving import hand_out_proof
from provisioning.domain.errors import NotFound, ProviderError
from provisioning.services import reading
from provisioning.services.clock import now
from provisioning.services.metering import sample_stack
from tenants.models import Actor
from tenants.models.errors import Forbidden, TooMany
from tenants.services import audit

log = logging.getLogger(__name__)

_AT_ONCE: Final = 50
# A worker that died with a look in hand costs this; so does a platform that did not answer.
LOOK_AGAIN: Final = timedelta(seconds=30)
# A look lists whole archives; whoever clicks in between sees what the last one saw.
ONCE_IN: Final = timedelta(minutes=1)


def look_at_arrivals(*, subscription: Subscription, by: Actor) -> None:
    """Ask a worker to look at the archives now, at most once in `ONCE_IN`. Raises Forbidden, TooMany."""
    if not (may_ask(by, subscription) or may_read_region(by)):
        raise Forbidden
    with transaction.atomic():
        moment = now()
        rested = Q(look_asked_at=None) | Q(look_asked_at__lte=moment - ONCE_IN)
        mine = Subscription.objects.filter(rested, pk=subscription.pk)
        if not mine.update(look_due=moment, look_asked_at=moment):
            raise TooMany(_("Somebody asked for a look a moment ago: wait a minute, then read the page again."))
        # The same look tells whether the proof file may have arrived.
        waiting = RestoreTest.objects.filter(subscription=subscription, ended_at=None, ready_at=None)
        waiting.update(look_due=moment)
        audit.record(
            by=by,
            action="arrivals.looked_at",
            subject_type="subscription",
            subject_id=subscription.public_id,
            authority=subscription.authority,
        )


def tick() -> None:
    """Every look that somebody waits for."""
    _look_at_archives()
    _look_at_tests()


def _look_at_archives() -> None:
    moment = now()
    Subscription.objects.filter(look_due__isnull=False, ended_at__isnull=False).update(look_due=None)
    due = Subscription.objects.filter(look_due__lte=moment).order_by("look_due")
    for row in due[:_AT_ONCE]:
        mine = Subscription.objects.filter(pk=row.pk, look_due=row.look_due)
        if mine.update(look_due=moment + LOOK_AGAIN) and sample_stack(row.stack_key) and note_images(row):
            Subscription.objects.filter(pk=row.pk, look_due=moment + LOOK_AGAIN).update(look_due=None)


def _look_at_tests() -> None:
    moment = now()
    # What has ended can be restored no more: nothing was shown either way.
    over = RestoreTest.objects.filter(ended_at=None, subscription__ended_at__isnull=False)
    over.update(ended_at=moment, outcome=RestoreState.STOPPED, look_due=None)
    due = RestoreTest.objects.filter(look_due__lte=moment, ended_at=None).select_related("subscription")
    for test in due.order_by("look_due")[:_AT_ONCE]:
        mine = RestoreTest.objects.filter(pk=test.pk, look_due=test.look_due, ended_at=None)
        if mine.update(look_due=moment + LOOK_AGAIN):
            _go_on(test)


def _go_on(test: RestoreTest) -> None:
    """One step, when it can be made; else the next look tries again."""
    if test.proof_text:
        _await_copy(test)
        return
    try:
        if not sample_stack(test.subscription.stack_key):
            return  # what cannot be seen is not empty
        found = reading.name_one(test.subscription.stack_key, test.archive)
    except (NotFound, ProviderError) as error:
        log.warning("No sample could be taken for %s: %s", test, error.message)
        return
    mine = RestoreTest.objects.filter(pk=test.pk, ended_at=None, ready_at=None)
    if found is None:
        hand_out_proof(test)
        mine.update(proof_text=test.proof_text, sha256=test.sha256, asked_at=now())
        return
    sample = {"bucket": found.bucket, "key": found.key, "size": found.size}
    mine.update(sample=sample, sha256=found.sha256, ready_at=now(), look_due=None)


def _await_copy(test: RestoreTest) -> None:
    """The proof file is in the archive, or at least may be, once something arrived after it was handed out; also
    where writing was stopped since then.
    """
    seen = last_look(test.subscription, test.archive)
    if seen is not None and seen.newest_at is not None and seen.newest_at > test.asked_at:
        mine = RestoreTest.objects.filter(pk=test.pk, ended_at=None, ready_at=None)
        mine.update(ready_at=now(), look_due=None)


def read_next() -> None:
    """Read back a random few of the archive that was longest not read, if it is time."""
    found = next_to_read()
    if found is None:
        return
    row, archive = found
    began = now()
    try:
        done = reading.read_back(row.stack_key, archive)
    except (NotFound, ProviderError) as error:
        log.warning("The archive %s of %s could not be read: %s", archive, row, error.message)
        return
    faults = [{"key": one.key, "fault": one.fault} for one in done if one.fault]
    enter(
        subscription=row,
        archive=archive,
        kind=VerificationKind.READABLE,
        passed=not faults,
        at=now(),
        seconds=max(0, int((now() - began).total_seconds())),
        evidence={"objects": len(done), "bytes": sum(one.size for one in done), "faults": faults},
    )


__all__ = ["look_at_arrivals", "read_next", "tick"]
