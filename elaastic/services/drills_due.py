"""Drills that fall due by the terms: the portal begins them by night, one a night and subscription, and says whose
move it is where it cannot.

Whoever looks first creates the night's row; the others find it there (`one_drill_a_night`). What was not passed is
due still, and tried again in the next night, unless it would be the same bad images again.
"""

import logging
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from elaastic.levels import LEVELS
from elaastic.levels.recovery import steps
from elaastic.models import Drill, DrillImages, DrillState, Subscription
from elaastic.selectors.drills import drills_of, view
from elaastic.selectors.drills_due import NIGHT, drills_due
from elaastic.selectors.recovery_plans import why_moved
from elaastic.selectors.today import ROME
from elaastic.services import drilling
from elaastic.services.drilling import Prepared
from provisioning.services.clock import now
from tenants.models.errors import DomainError

log = logging.getLogger(__name__)

# Each brings images through a worker and starts machines: so many at once leave the platform to the others.
_AT_ONCE: Final = 10
_WITH_MACHINES: Final = [number for number, level in LEVELS.items() if level.natures]

# code -> (whose move, what to do); other codes are refusals of `drilling`, which say it themselves.
OBSTACLES: Final[dict[str, tuple[str, Promise]]] = {
    "plan_stale": (
        "authority",
        _("The recovery plan no longer fits: open it, read what was fitted, and save; a drill begins by night."),
    ),
    "people_needed": (
        "authority",
        _(
            "The recovery plan has people do something, and nobody is there by night: begin the drill yourselves, "
            "when they are."
        ),
    ),
    "backup_bad": (
        "authority",
        _(
            "The last drill found a bad image, and no other has arrived since: read what it found, mend the "
            "export, and upload the image again; a drill begins by night."
        ),
    ),
}


@dataclass(frozen=True)
class Obstacle:
    """Why the clock does not begin a drill: a stable code, whose move it is, and what to do."""

    code: str
    who: str
    text: str


def tick() -> None:
    """By night, begin what is due, what has waited for longest first."""
    here = now().astimezone(ROME)
    if here.hour not in NIGHT:
        return
    night = here.date()
    room = _AT_ONCE - Drill.objects.filter(night__isnull=False, settled_at=None).count()
    for row in _waiting(Q(night=night) | Q(settled_at=None)):
        if room <= 0:
            return
        if obstacle(row) is not None:
            continue
        try:
            drilling.begin_by_the_clock(row, night)
            room -= 1
        except DomainError as refused:
            log.info("No drill of %s was begun tonight: %s", row.public_id, refused.code)


def _waiting(tried: Q) -> list[Subscription]:
    """Due, and without such a drill."""
    rows = Subscription.objects.filter(level__in=_WITH_MACHINES, activated_at__isnull=False, ended_at=None)
    without = rows.exclude(pk__in=Drill.objects.filter(tried).values("subscription"))
    found = list(without.select_related("authority"))
    due = {pk: one for pk, one in drills_due(found).items() if one.due}
    return sorted((row for row in found if row.pk in due), key=lambda row: (due[row.pk].due_at, row.pk))


def obstacle(row: Subscription) -> Obstacle | None:
    """Why the portal would not begin a drill of the whole plan by itself now; None when it would."""
    try:
        what = drilling.prepare(row)
    except DomainError as refused:
        moved = row.recovery_plans.first()
        if moved is not None and why_moved(moved):
            return _known("plan_stale")
        return Obstacle(refused.code, "authority", str(refused.detail))
    code = _in_the_way(what)
    return _known(code) if code else None


def _known(code: str) -> Obstacle:
    who, text = OBSTACLES[code]
    return Obstacle(code, who, str(text))


def _in_the_way(what: Prepared) -> str:
    if why_moved(what.plan):
        return "plan_stale"
    if any(step.kind == "people" for step in steps(what.plan.document)):
        return "people_needed"
    # One from earlier images says nothing about the newest, from which the clock would start.
    whole = drills_of(what.plan.subscription).filter(machine="", images=DrillImages.NEWEST)
    last = whole.filter(settled_at__isnull=False).first()
    if last is not None and view(last).state == DrillState.BACKUP_BAD:
        same = {point.pk for point in last.points.all()} == {point.pk for point in what.points.values()}
        return "backup_bad" if same else ""
    return ""
