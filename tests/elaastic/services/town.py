"""The flow in services, one step a line, and what the trail says of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from elaastic.models import Request, Subscription
from elaastic.services.asking import request_subscription, withdraw_request
from elaastic.services.deciding import approve_request, reject_request
from provisioning.models import CapacityRow, Reservation
from provisioning.models.clock import DatabaseSource
from tenants.models import AuditEvent, LocalAuthority
from tests.elaastic.region import MemoryProvider, workers_bring_everything_up, workers_make_plans
from tests.personas import World

TERMS: Final[dict[str, Any]] = {
    "quota_gib": 100,
    "archives": [{"name": "backup", "expected_interval_hours": 24}],
    "retention_days": 30,
    "copies": 3,
}


class Later(DatabaseSource):
    """The database's clock, moved on by what a test lets pass."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = timedelta()

    def now(self) -> datetime:
        return super().now() + self.passed


@dataclass(frozen=True)
class Town:
    """The world's home authority on a region in memory."""

    world: World
    region: MemoryProvider
    later: Later

    def asked(self, who: str = "owner", authority: LocalAuthority | None = None, **terms: Any) -> Request:
        """An ask; no worker has looked at it."""
        asked = request_subscription(
            authority=authority or self.world.home, level=1, terms={**TERMS, **terms}, by=self.world[who].actor
        )
        return Request.objects.get(pk=asked.pk)

    def planned(self, who: str = "owner", **terms: Any) -> Request:
        """With its plan."""
        asked = self.asked(who, **terms)
        workers_make_plans()
        asked.refresh_from_db()
        return asked

    def approve(self, request: Request, who: str = "approver", digest: str = "") -> None:
        approve_request(request=request, plan_digest=digest or request.plan_digest, by=self.world[who].actor)

    def reject(self, request: Request, note: str = "Too much.", who: str = "approver") -> None:
        reject_request(request=request, by=self.world[who].actor, note=note)

    def withdraw(self, request: Request, who: str = "owner") -> None:
        withdraw_request(request=request, by=self.world[who].actor)

    def approved(self, who: str = "owner", **terms: Any) -> Request:
        """Approved; no worker has begun."""
        planned = self.planned(who, **terms)
        self.approve(planned)
        planned.refresh_from_db()
        return planned

    def active(self, who: str = "owner", **terms: Any) -> Subscription:
        """Everything stands."""
        request = self.approved(who, **terms)
        workers_bring_everything_up()
        return Subscription.objects.get(pk=request.subscription_id)

    def wait(self, **time: float) -> None:
        """Let time pass; workers look at what became due."""
        self.later.passed += timedelta(**time)
        workers_bring_everything_up()

    def vanish(self, subscription: Subscription, resource: str) -> None:
        """Somebody removes an object on the platform."""
        for handler in self.region.handlers.values():
            for name in [n for n in handler.made if n.endswith(f".{subscription.stack_key}.{resource}")]:
                del handler.made[name]


def acts() -> list[str]:
    """The actions of the trail about elaastic's objects, in their order."""
    found = AuditEvent.objects.filter(subject_type__in=["request", "subscription", "stack"]).order_by("pk")
    return list(found.values_list("action", flat=True))


def stored() -> dict[str, Any]:
    """Everything that an act could leave behind: equal before and after a refusal."""
    return {
        "subscriptions": list(Subscription.objects.order_by("pk").values()),
        "requests": list(Request.objects.order_by("pk").values()),
        "trail": AuditEvent.objects.count(),
        "used": used(),
        "reserved": sum(Reservation.objects.values_list("amount", flat=True)),
    }


def used() -> dict[str, int]:
    """GiB (2^30) promised, by site."""
    return dict(CapacityRow.objects.order_by("site").values_list("site", "used"))
