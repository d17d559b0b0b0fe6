"""Holding images while an operation starts machines from them: nothing purges what is pinned."""

from datetime import timedelta
from typing import Final

from django.db.models import Q, QuerySet

from elaastic.models import Drill, Failover, RecoveryPoint
from provisioning.services.clock import now

# Renewed while it lasts: a portal that was away for longer finds its images purged at worst.
PINNED_FOR: Final = timedelta(days=1)


def pin(points: QuerySet[RecoveryPoint]) -> None:
    """Hold them from now on."""
    points.update(pinned_until=now() + PINNED_FOR)


def keep_pinned(points: QuerySet[RecoveryPoint]) -> None:
    """Hold on to them: those whose time is half over, or that were let go, are pinned again."""
    soon = now() + PINNED_FOR / 2
    pin(points.filter(Q(pinned_until=None) | Q(pinned_until__lt=soon)))


def unpin(points: QuerySet[RecoveryPoint]) -> None:
    """Let them go, but those from which another drill or failover starts that is not settled yet."""
    free = points.exclude(drills__in=Drill.objects.filter(settled_at=None))
    free.exclude(failovers__in=Failover.objects.filter(settled_at=None)).update(pinned_until=None)
