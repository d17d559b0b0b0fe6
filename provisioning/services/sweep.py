"""The look that every worker takes each second: due stacks, and platforms that were down."""

import logging
import random
from typing import Final

from django.db.models import Q

from provisioning.engine import breaker
from provisioning.engine.reconciler import reconcile
from provisioning.models import Stack, clock
from provisioning.services import platforms
from provisioning.services.surroundings import provider, surroundings

log = logging.getLogger(__name__)

# Enough to stay ahead of what becomes due in a second on one worker, few enough that two workers share a queue.
AT_ONCE: Final = 20


def tick() -> None:
    """One look. Each part is a compare-and-swap, so that any number of workers may do this at once."""
    for platform in breaker.open_platforms():
        if (found := provider(platform)) is not None:
            breaker.probe(platform, found)
    platforms.carry_out_acceptances()
    for stack_id in due_stacks():
        _one(stack_id)


def _one(stack_id: int) -> None:
    """A stack that cannot be worked on must not keep the others waiting."""
    try:
        reconcile(stack_id, surroundings())
    except Exception:
        log.exception("Stack %s was not finished; it is looked at again when its claim ends.", stack_id)


def due_stacks() -> list[int]:
    """Stacks whose look is due and that nobody holds, in no order: workers should not queue for the same one."""
    now = clock.now()
    free = Q(claim_expires_at__isnull=True) | Q(claim_expires_at__lte=now)
    due = list(Stack.objects.filter(free, next_look__lte=now).values_list("pk", flat=True)[: AT_ONCE * 5])
    random.shuffle(due)
    return due[:AT_ONCE]


def reconcile_stack(stack_id: int) -> None:
    """What a ring asks for."""
    reconcile(stack_id, surroundings())
