"""Towns that ask and a region that decides, through the same services as the pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from elaastic.models import Request, Subscription, SubscriptionState
from elaastic.selectors.subscriptions import overview
from elaastic.services.asking import request_subscription
from elaastic.services.collecting import Connection, reveal_credential
from elaastic.services.deciding import approve_request
from lab.deadline import wait_until
from lab.system import LabError
from provisioning.selectors.stacks import resources
from tenants.models import Actor, LocalAuthority, User
from tenants.services.authorities import register_authority, verify_authority
from tests.lab.workers import LivePortal
from tests.personas import details

# Two workers on two shared cores; a level 1 takes some 40 calls of 10 to 100 ms each.
SOON_S = 90


@dataclass(frozen=True)
class Keys:
    """A credential as its town holds it: revealed once, then kept outside the portal."""

    access_key: str
    secret_key: str
    connection: Connection


@dataclass
class Town:
    """An authority, and what it got."""

    authority: LocalAuthority
    owner: Actor
    subscription: Subscription
    keys: dict[str, Keys] = field(default_factory=dict)

    @property
    def bucket(self) -> str:
        return self.subscription.terms["archives"][0]["name"]

    @property
    def tenant(self) -> str:
        """Its RGW tenant, from the uid that the portal recorded."""
        owner = next(r for r in resources(self.subscription.stack_key) if r.name == "owner")
        return str(owner.outputs["tenant"])


TERMS: Mapping[str, Any] = {
    "quota_gib": 2,
    "archives": [{"name": "backup", "expected_interval_hours": 24}],
    "retention_days": 30,
    "copies": 3,
}


@dataclass
class Towns:
    """Makes towns; each is registered by its own person and verified by the region's operator."""

    portal: LivePortal
    _made: int = 0

    def ask(self, **terms: Any) -> tuple[Town, Request]:
        """A new town asks for level 1 with `TERMS` and what differs from them."""
        self._made += 1
        person = User.objects.create_user(f"town{self._made}@flow.example", full_name=f"Town {self._made}")
        owner = Actor(user=person)
        authority = register_authority(details=details(9000 + self._made), by=owner)
        authority = verify_authority(authority=authority, by=demo("operator@region.example"))
        request = request_subscription(authority=authority, level=1, terms={**TERMS, **terms}, by=owner)
        return Town(authority, owner, request.subscription), request

    def planned(self, request: Request) -> Request:
        """The request with its plan, which a worker makes."""
        wait_until("the plan made", lambda: planned(request), timeout_s=SOON_S)
        return request

    def decide(self, request: Request) -> None:
        """Another person says yes to exactly the plan that is shown."""
        self.planned(request)
        approve_request(request=request, plan_digest=request.plan_digest, by=demo("approver@region.example"))

    def ready(self, **terms: Any) -> Town:
        """A town that has everything, with its two keys collected."""
        town, request = self.ask(**terms)
        self.decide(request)
        active(town)
        collect(town)
        return town


def demo(email: str) -> Actor:
    return Actor(user=User.objects.get(email=email))


def planned(request: Request) -> bool:
    fresh = Request.objects.get(pk=request.pk)
    request.plan_digest, request.plan_due, request.plan_id = fresh.plan_digest, fresh.plan_due, fresh.plan_id
    return bool(fresh.plan_digest) and fresh.plan_due is None


def active(town: Town, timeout_s: float = SOON_S) -> None:
    """Until the portal says so."""
    try:
        wait_until(f"{town.authority} active", lambda: state(town) == SubscriptionState.ACTIVE, timeout_s=timeout_s)
    except LabError as error:
        raise AssertionError(f"{error}\n{standing(town)}") from error


def standing(town: Town) -> str:
    """How its resources stand, for whoever reads a failure."""
    found = resources(town.subscription.stack_key)
    return "\n".join(f"{r.name}: {r.condition.state} {r.condition.reason} {r.condition.message}" for r in found)


def state(town: Town) -> SubscriptionState:
    town.subscription.refresh_from_db()
    return overview(town.subscription).state


def collect(town: Town) -> None:
    """Both secrets, shown this once."""
    for name in ("writer", "restore"):
        shown = reveal_credential(subscription=town.subscription, name=name, by=town.owner)
        town.keys[name] = Keys(shown.access_key.reveal(), shown.secret_key.reveal(), shown.connection)


def done(request: Request) -> None:
    """The worker carried it out, and everything stands."""
    wait_until("it is done", lambda: Request.objects.get(pk=request.pk).applied_at is not None, timeout_s=SOON_S)


def fresh(town: Town) -> Subscription:
    """As it stands now."""
    town.subscription.refresh_from_db()
    return town.subscription


def collected(town: Town, name: str) -> Keys:
    """The newest key of that name, shown this once."""
    shown = reveal_credential(subscription=fresh(town), name=name, by=town.owner)
    return Keys(shown.access_key.reveal(), shown.secret_key.reveal(), shown.connection)


def rows(query: str, *values: object) -> list[tuple[Any, ...]]:
    """What stands in the portal's database."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
