"""Writing into the ledger of verifications: one link, and the head of its chain, in the act's transaction."""

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from elaastic.models import Subscription, Verification, VerificationHead
from elaastic.models.errors import Busy
from elaastic.selectors.ledger import digest, line
from tenants.models import User

# Whoever comes second waits for the first to commit and takes the next place; more than a few never meet.
_TRIES: Final = 10


def enter(
    *,
    subscription: Subscription,
    archive: str,
    kind: str,
    passed: bool,
    at: datetime,
    seconds: int,
    evidence: dict[str, Any],
    by: User | None = None,
) -> Verification:
    """Append one. `evidence` is JSON without floats, which databases write differently. Raises Busy."""
    VerificationHead.objects.get_or_create(subscription=subscription)
    with transaction.atomic():
        for _try in range(_TRIES):
            head = VerificationHead.objects.get(subscription=subscription)
            row = Verification(
                subscription=subscription, archive=archive, kind=kind, passed=passed, at=at, by=by, seconds=seconds,
                evidence=evidence, number=head.number + 1, previous_hash=head.hash,
            )  # fmt: skip
            row.hash = digest(line(row))
            mine = VerificationHead.objects.filter(pk=head.pk, number=head.number, hash=head.hash)
            if mine.update(number=row.number, hash=row.hash):
                row.save(force_insert=True)
                return row
    raise Busy
