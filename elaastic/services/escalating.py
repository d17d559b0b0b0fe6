"""What stays open goes to the next person, and once a week every authority is told how its copies stand.

Steps and weeks are rows, each unique: any number of workers may look, at any time, and each is told once. What was
slept through is made up once.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction

from elaastic.models import Alert, AlertKind, Digest, Escalation, RegionDigest, Subscription
from elaastic.notifications import tell_digest, tell_escalation, tell_region
from elaastic.selectors.today import ROME
from elaastic.services.telling import hand_over
from provisioning.services.clock import now

# kind -> (open for how long, role at the region), in this order. A late copy is the town's move for two working
# days; a damaged one is the region's from the first minute. The role is one of tenants.models.RegionRoleName.
STEPS: Final = {
    AlertKind.LATE: ((timedelta(days=2), "operator"), (timedelta(days=7), "administrator")),
    AlertKind.FULL: ((timedelta(days=7), "operator"),),
    AlertKind.IMAGE_LATE: ((timedelta(days=2), "operator"), (timedelta(days=7), "administrator")),
    AlertKind.REFUSED: ((timedelta(days=7), "operator"),),
    AlertKind.DRILL: ((timedelta(days=7), "operator"),),
    AlertKind.DAMAGED: ((timedelta(0), "operator"), (timedelta(days=1), "administrator")),
}
# Monday from seven in the morning, before the first coffee.
DIGEST_HOUR: Final = 7


def tick() -> None:
    """Everything that stayed open too long, and everybody who has yet to be told."""
    for kind, steps in STEPS.items():
        for step, (after, role) in enumerate(steps):
            _take_step(kind, step, after, role)
    rows = Escalation.objects.select_related("alert__subscription__authority")
    hand_over(rows, tell_escalation)


def _take_step(kind: str, step: int, after: timedelta, role: str) -> None:
    stays = Alert.objects.filter(kind=kind, ended_at=None, began_at__lte=now() - after)
    for pk in stays.exclude(escalations__step=step).values_list("pk", flat=True):
        with suppress(IntegrityError), transaction.atomic():  # another worker looked in the same second
            Escalation.objects.create(alert_id=pk, step=step, role=role, tell_due=now())


def digest() -> None:
    """This week's, for every subscription that is in force and for the region, from Monday morning on."""
    here = now().astimezone(ROME)
    year, number, day = here.isocalendar()
    if day > 1 or here.hour >= DIGEST_HOUR:
        _write(f"{year}-W{number:02}")
    hand_over(Digest.objects.select_related("subscription__authority"), tell_digest)
    hand_over(RegionDigest.objects.all(), tell_region)


def _write(week: str) -> None:
    with suppress(IntegrityError), transaction.atomic():
        RegionDigest.objects.get_or_create(week=week, defaults={"tell_due": now()})
    standing = Subscription.objects.filter(
        activated_at__isnull=False, leave_requested_at=None, ended_at=None, closed_at=None
    )
    for pk in standing.exclude(digests__week=week).values_list("pk", flat=True):
        with suppress(IntegrityError), transaction.atomic():
            Digest.objects.create(subscription_id=pk, week=week, tell_due=now())
