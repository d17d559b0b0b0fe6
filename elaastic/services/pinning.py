"""Holding a recovery point while an operation starts from it; of an authority at most one runs at a time."""

from datetime import datetime

from elaastic.models import PointState, RecoveryPoint


def pin(point: RecoveryPoint, until: datetime) -> bool:
    """Hold it, or hold it for longer; False when it is gone or not usable. A dead operation's pin runs out."""
    there = RecoveryPoint.objects.filter(pk=point.pk, state=PointState.USABLE, gone_at=None)
    return bool(there.update(pinned_until=until))


def unpin(point: RecoveryPoint) -> None:
    """Let it go."""
    RecoveryPoint.objects.filter(pk=point.pk).update(pinned_until=None)
