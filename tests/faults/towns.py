"""T22: many towns in all sorts of states, half of them in the middle of something; and what finishes them later."""

from typing import Any, Final

from django.core.management import call_command

from elaastic.models import Request, Subscription
from elaastic.services.asking import request_subscription
from elaastic.services.changing import change_terms, leave, suspend
from elaastic.services.deciding import approve_request
from elaastic.services.keys import revoke
from elaastic.services.talking import accept_counter, counter, digest_of
from mcloud_portal import sweeper
from provisioning.domain.manifest import Manifest, Placement
from provisioning.models import Plan, Reservation, Stack
from provisioning.services import stacks
from tenants.models import LocalAuthority
from tenants.services.authorities import register_authority, verify_authority
from tests.faults import acts
from tests.personas import details

# Town -> its serial. The first ones have a subscription that stands before anything is begun.
STANDING: Final = {"change": 501, "end": 502, "purge": 503, "new key": 504, "suspension": 505, "nothing": 506}
FRESH: Final = {"order": 511, "asked": 512, "countered": 513}
OWNER, APPROVER, OPERATOR = "owner@comune.example", "approver@region.example", "operator@region.example"


def towns_stand() -> None:
    """Each has its level 1, with a copy in it but for the one that is to be purged."""
    acts.begin()
    for name, serial in STANDING.items():
        _ask(name, serial)
    _plan()
    for asked in Request.objects.filter(decision=""):
        _approve(asked)
    acts.rest()


def towns_begin() -> None:
    """Something is asked of every town; most is approved, and nothing of it is sent."""
    acts.begin()
    for name, serial in FRESH.items():
        _ask(name, serial)
    town = {name: _subscription(serial) for name, serial in STANDING.items()}
    owner, wider = acts._actor(OWNER), [{"name": n, "expected_interval_hours": 24} for n in ("backup", "documents")]
    change = town["change"]
    change_terms(subscription=change, terms={**change.terms, "quota_gib": 200, "archives": wider}, by=owner)
    leave(subscription=town["end"], by=owner)
    revoke(subscription=town["new key"], name="writer", by=owner)
    suspend(subscription=town["suspension"], by=acts._actor(OPERATOR))
    _plan()
    for asked in Request.objects.filter(decision="", preapproved_by=None):
        if asked.subscription.authority.name == _name(FRESH["countered"]):
            by = acts._actor(APPROVER)
            counter(request=asked, terms={**asked.terms, "quota_gib": 30}, text="Trenta bastano?", by=by)
        elif asked.subscription.authority.name != _name(FRESH["asked"]):
            _approve(asked)
    _purge(town["purge"])


def towns_finish() -> dict[str, Any]:
    """People answer what is open, and workers do the rest."""
    acts.begin()
    acts.rest()
    for asked in Request.objects.filter(decision="", counter_by__isnull=False):
        accept_counter(request=asked, counter_digest=digest_of(asked), by=acts._actor(OWNER))
    acts.rest()
    for asked in Request.objects.filter(decision=""):
        _approve(asked)
    return acts.rest()


def towns_shown() -> dict[str, Any]:
    """Town -> the state of its stack, what it holds of the sites in GiB, and its keys; `stacks`: town -> key."""
    found: dict[str, Any] = {}
    for name, serial in (STANDING | FRESH).items():
        row = _subscription(serial)
        stack = Stack.objects.get(key=row.stack_key)
        held = Reservation.objects.filter(stack=stack).values_list("amount", flat=True)
        rows = {r.name: r.state for r in stack.resources.exclude(state="gone")}
        found[name] = {"stack": row.stack_key, "state": stack.state, "held": sorted(held), "rows": rows}
    return found


def migrate() -> None:
    """As an operator after an upgrade."""
    acts.begin()
    call_command("migrate", verbosity=0)


def _name(serial: int) -> str:
    return f"Comune di Prova {serial}"


def _ask(name: str, serial: int) -> None:
    made = register_authority(details=details(serial), by=acts._actor(OWNER))
    made = verify_authority(authority=made, by=acts._actor(OPERATOR))
    terms = {**acts.TERMS, "quota_gib": 50}
    request_subscription(authority=made, level=1, terms=terms, by=acts._actor(OWNER))


def _plan() -> None:
    while Request.objects.filter(decision="", plan_digest="").exists():
        sweeper._load("elaastic.services.planning.tick")()


def _approve(asked: Request) -> None:
    asked.refresh_from_db()
    approve_request(request=asked, plan_digest=asked.plan_digest, by=acts._actor(APPROVER))


def _purge(row: Subscription) -> None:
    placement = Placement.parse(row.placement)
    names = ["archive-backup", "owner-key", "restore-key"]
    plan = Plan.objects.get(pk=stacks.propose_plan(row.stack_key, Manifest("level1/1"), placement, names))
    stacks.approve_plan(plan.pk, plan.digest)


def _subscription(serial: int) -> Subscription:
    return Subscription.objects.get(authority=LocalAuthority.objects.get(name=_name(serial)))
