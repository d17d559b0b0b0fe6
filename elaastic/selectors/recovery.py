"""Recovery points: what each machine can start again from. From rows; no platform is asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from elaastic.models import ImagesLook, PointState, RecoveryPoint, Subscription
from elaastic.selectors.subscriptions import subscriptions_readable_by
from provisioning.services.clock import now
from tenants.models import Actor


def points(subscription: Subscription, machine: str) -> QuerySet[RecoveryPoint]:
    """Of one machine, the newest first; those whose object is gone too."""
    return RecoveryPoint.objects.filter(subscription=subscription, machine=machine)


def newest_usable(subscription: Subscription, machine: str) -> RecoveryPoint | None:
    """What the machine would start from now."""
    return usable(points(subscription, machine)).first()


def usable(rows: QuerySet[RecoveryPoint]) -> QuerySet[RecoveryPoint]:
    """Those from which a machine can start: looked at, and still there."""
    return rows.filter(state=PointState.USABLE, gone_at=None)


def points_readable_by(actor: Actor) -> QuerySet[RecoveryPoint]:
    """Of the subscriptions one may read."""
    readable = subscriptions_readable_by(actor).values("pk")
    return RecoveryPoint.objects.filter(subscription__in=readable).select_related("subscription__authority")


def machines(subscription: Subscription) -> list[Mapping[str, Any]]:
    """As agreed; [] below level 2."""
    return list(subscription.terms.get("machines", ()))


def images_archive(subscription: Subscription) -> str:
    """The archive that receives images; "" below level 2."""
    return str(subscription.terms.get("images_in", "images")) if machines(subscription) else ""


def awaiting_images() -> QuerySet[Subscription]:
    """Those that have an archive for images, and stand."""
    rows = Subscription.objects.filter(level__gte=2, activated_at__isnull=False, ended_at=None, closed_at=None)
    return rows.order_by("pk")


def newest_of(rows: Iterable[Subscription]) -> dict[tuple[int, str], dict[str, RecoveryPoint]]:
    """(subscription's row id, machine) -> state -> the newest point of it that is still there. In one query, which
    answers with these alone, however many images are kept.
    """
    found: dict[tuple[int, str], dict[str, RecoveryPoint]] = {}
    there = RecoveryPoint.objects.filter(subscription__in=list(rows), gone_at=None)
    newest_first = Window(
        RowNumber(),
        partition_by=["subscription_id", "machine", "state"],
        order_by=[F("arrived_at").desc(), F("pk").desc()],
    )
    for point in there.annotate(place=newest_first).filter(place=1):
        found.setdefault((point.subscription_id, point.machine), {})[point.state] = point
    return found


def looks_of(rows: Iterable[Subscription]) -> dict[int, ImagesLook]:
    """The newest look at each one's images, by row id; one that was never looked at is left out."""
    return {look.subscription_id: look for look in ImagesLook.objects.filter(subscription__in=list(rows))}


def pinned(subscription: Subscription) -> QuerySet[RecoveryPoint]:
    """Those that an operation uses now."""
    return RecoveryPoint.objects.filter(Q(pinned_until__gt=now()), subscription=subscription)
