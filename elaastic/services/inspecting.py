"""Reading one image that waits: beside a worker's other work, because it may take an hour.

1. Take a row by moving its claim; whoever has it renews the claim while the bytes pass.
2. The bytes go from the storage to a process that can do nothing else (ADR 24); nothing is kept of them.
3. Write the verdict, if the claim is still ours. A worker that was killed leaves a claim that runs out, and the
   next one begins anew; one that slept too long finds its claim gone and stops.

A storage that does not answer is no verdict, nor is a child that died: that is tried again, the latter a few times.
So is an image over which the worker itself died, some more times: a release may end a worker, too.
"""

import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from django.db.models import F, Q, QuerySet

from elaastic.models import PointState, RecoveryPoint
from elaastic.services.intake import largest_disk
from provisioning.domain.errors import NotFound, ProviderError
from provisioning.services import images
from provisioning.services.clock import now

log = logging.getLogger(__name__)
# A killed worker's image waits so long; it is renewed four times as often.
LEASE: Final = timedelta(seconds=60)
RENEW_S: Final = 15.0
TRY_AGAIN: Final = timedelta(minutes=5)
MOST_TRIES: Final = 3
MOST_DEATHS: Final = 5


class ClaimLost(Exception):
    """Somebody else reads it by now, or it need not be read any longer."""


def read_next() -> bool:
    """Read one image, if one waits; whether there was one."""
    point = _take()
    if point is None:
        return False
    if point.tries >= MOST_DEATHS:
        _settle(point, state=PointState.REFUSED, reason="WorkerLost", looked_at=now(), look_due=None)
        return True
    most = largest_disk(point.subscription, point.machine)
    if most is None:
        _settle(point, look_due=None)  # until its machine is agreed again
        return True
    try:
        where = images.Where(point.subscription.stack_key, point.archive, point.key, point.version)
        looked = images.look(where, size=point.size, most_bytes=most, through=_Renewing(point))
    except ClaimLost:
        log.warning("The claim on recovery point %s was lost; its worker stops.", point.public_id)
        return True
    except (NotFound, ProviderError) as error:
        log.warning("Recovery point %s could not be read: %s", point.public_id, error.message)
        _settle(point, look_due=now() + TRY_AGAIN, unreadable=True)
        return True
    _record(point, looked, most)
    return True


def _take() -> RecoveryPoint | None:
    moment, token = now(), uuid.uuid4()
    free = Q(claim_until=None) | Q(claim_until__lte=moment)
    due = RecoveryPoint.objects.filter(free, state=PointState.LOOKING, gone_at=None, look_due__lte=moment)
    for pk, died_at in due.order_by("look_due", "pk").values_list("pk", "claim_until")[:20]:
        tries = F("tries") + (0 if died_at is None else 1)
        if due.filter(pk=pk).update(claim_token=token, claim_until=moment + LEASE, tries=tries):
            return RecoveryPoint.objects.select_related("subscription").get(pk=pk)
    return None


class _Renewing:
    """Passes bytes on, and keeps the claim alive meanwhile."""

    def __init__(self, point: RecoveryPoint) -> None:
        self._point = point

    def __call__(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        renewed = time.monotonic()
        for chunk in chunks:
            if time.monotonic() - renewed > RENEW_S:
                self._renew()
                renewed = time.monotonic()
            yield chunk

    def _renew(self) -> None:
        # A claim that ran out and that nobody took is still ours: the token says so.
        if not _held(self._point).filter(gone_at=None).update(claim_until=now() + LEASE):
            raise ClaimLost


def _record(point: RecoveryPoint, looked: images.Looked, most: int) -> None:
    unfit, image = looked.unfit, looked.image
    if unfit is not None and unfit.reason == "Uninspectable" and point.tries + 1 < MOST_TRIES:
        _settle(point, tries=point.tries + 1, look_due=now() + TRY_AGAIN)
        return
    found: dict[str, object] = {"sha256": looked.sha256, "sha512": looked.sha512, "most_bytes": most}
    if image is not None:
        disks = image.as_json()["disks"]
        total = sum(disk["virtual_bytes"] for disk in disks)
        found |= {"state": PointState.USABLE, "form": image.form, "disks": disks, "virtual_bytes": total}
    elif unfit is not None:
        found |= {"state": PointState.REFUSED, "reason": unfit.reason, "detail": unfit.detail}
    _settle(point, looked_at=now(), look_due=None, unreadable=False, **found)


def _settle(point: RecoveryPoint, **found: object) -> None:
    if not _held(point).update(claim_token=None, claim_until=None, **found):
        log.warning("What was found in recovery point %s came too late.", point.public_id)


def _held(point: RecoveryPoint) -> QuerySet[RecoveryPoint]:
    return RecoveryPoint.objects.filter(pk=point.pk, claim_token=point.claim_token, state=PointState.LOOKING)
