"""Recovery plans of subscriptions with machines: the one in force, those before it, and whether it still fits."""

from django.db.models import Exists, OuterRef, QuerySet

from elaastic.levels import LEVELS
from elaastic.levels.recovery import Finding, stale, surroundings
from elaastic.models import RecoveryPlan, Subscription
from elaastic.selectors.drills_due import DrillDue
from elaastic.selectors.subscriptions import subscriptions_readable_by
from elaastic.selectors.today import ROME
from tenants.models import Actor
from tenants.models.errors import NotFound


def plan_in_force(subscription: Subscription) -> RecoveryPlan:
    """The newest version. Raises NotFound where there are no machines, or nothing was approved yet. One query."""
    found = subscription.recovery_plans.select_related("by", "subscription__authority").first()
    if found is None or not has_plan(subscription):
        raise NotFound
    return found


def has_plan(subscription: Subscription) -> bool:
    """Its level has machines, and its terms came into force."""
    return bool(LEVELS[subscription.level].natures) and subscription.approved_at is not None


def versions_of(subscription: Subscription) -> QuerySet[RecoveryPlan]:
    """The newest first."""
    return subscription.recovery_plans.select_related("by", "subscription__authority")


def plans_in_force_readable_by(actor: Actor) -> QuerySet[RecoveryPlan]:
    """The newest version of each subscription that one may read."""
    newer = RecoveryPlan.objects.filter(subscription=OuterRef("subscription"), version__gt=OuterRef("version"))
    rows = RecoveryPlan.objects.filter(
        ~Exists(newer), subscription__in=subscriptions_readable_by(actor).values("pk")
    )
    return rows.select_related("subscription__authority", "by")


def why_stale(plan: RecoveryPlan, drill: DrillDue | None) -> list[Finding]:
    """What moved since it was written, and that nobody knows any more whether it works: the drill that its terms
    ask for has been due for too long. No query.
    """
    found = why_moved(plan)
    if drill is not None and drill.overdue:
        found.append(Finding("", "not_tried", drill.due_at.astimezone(ROME).strftime("%d/%m/%Y")))
    return found


def why_moved(plan: RecoveryPlan) -> list[Finding]:
    """What moved since it was written; nothing is asked of the database while its subscription is at hand."""
    terms = plan.subscription.terms
    return stale(plan.document, terms, written_for=plan.written_for, now=surroundings_of(plan.subscription))


def surroundings_of(subscription: Subscription) -> dict[str, str]:
    """What a plan of these terms relies on beside the machines."""
    return surroundings(subscription.terms, subscription.placement.get("reserve", ""))
