"""A create whose end nobody knows, sent by a worker that is no longer the stack's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F

from provisioning.domain.conditions import State
from provisioning.engine import claims
from provisioning.engine.claims import Claim
from provisioning.models import Resource, Stack, clock


@contextmanager
def looked_for(claim: Claim, row: Resource, verb: str) -> Iterator[None]:
    """Around an act: a create that failed may have made something all the same, with the first of its calls."""
    try:
        yield
    except Exception:
        if verb == "create":
            _leave_open(claim, row)
        raise


def _leave_open(claim: Claim, row: Resource) -> None:
    """Whoever holds the claim has its intent in the row. Whoever lost it writes that again: others went on, and may
    have closed the row since. It waits for this create once more, and then goes its way.

    What has an id by now, or is the next incarnation, is another object; a double of it the census finds.
    """
    if Stack.objects.filter(pk=claim.stack_id, claim_token=claim.token).exists():
        return
    now = clock.now()
    again: dict[str, Any] = {
        "intent": Resource.Intent.CREATE, "intent_at": now, "absent_since": None, "next_look": now,
        "version": F("version") + 1,
    }  # fmt: skip
    with transaction.atomic():
        claims.wake(row.stack_id)
        waits = Resource.objects.filter(pk=row.pk, incarnation=row.incarnation, external_id="", handle="")
        if not waits.exclude(state=State.GONE).update(**again):
            waits.update(**again, state=State.PENDING, reason="", message="", gone_at=None)
