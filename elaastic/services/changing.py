"""What is asked about a subscription that stands: other terms, a pause, an end, the deletion of what was kept."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elaastic.levels import LEVELS, Mode
from elaastic.models import Request, RequestKind, Subscription
from elaastic.models.errors import NothingChanges, NotInForce, RequestOpen, StillKept
from elaastic.permissions import may_ask, may_operate
from elaastic.services.asking import ask, check_terms
from elaastic.usage import GIB, usage_of
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.models.errors import FieldErrors, Forbidden, Invalid


def change_terms(*, subscription: Subscription, terms: Mapping[str, Any], by: Actor) -> Request:
    """Ask for other terms, whole. Raises Forbidden, NotInForce, Invalid, NothingChanges, RequestOpen."""
    _may_ask(subscription, by)
    frozen = check_terms(subscription.level, terms)
    check_change(subscription, frozen)
    return _one_open(subscription, RequestKind.CHANGE, by, terms=frozen)


def check_change(subscription: Subscription, terms: Mapping[str, Any] | None = None) -> None:
    """Could these (checked) terms be asked for now? Stores nothing; raises what `change_terms` raises."""
    _in_force(subscription)
    if terms is None:
        return
    faults: FieldErrors = _faults(subscription, terms)
    if faults:
        raise Invalid(errors=faults)
    if terms == subscription.terms:
        raise NothingChanges


def _faults(subscription: Subscription, terms: Mapping[str, Any]) -> dict[str, list[str]]:
    sentences = {
        "lock": _("An archive keeps its lock: ask for a new archive beside it."),
        "retention": _("What is locked stays locked for as long as was promised: %(days)s days.")
        % {"days": subscription.terms.get("retention_days")},
        "copies": _("The number of copies is fixed when the space is made."),
    }
    broken = LEVELS[subscription.level].fixed(subscription.terms, terms)
    found: dict[str, list[str]] = {name: [sentences[promise]] for name, promise in broken.items()}
    used = usage_of(subscription).held_bytes
    if terms["quota_gib"] * GIB < used:
        said = {"used": f"{used / GIB:.1f}"}
        found["terms.quota_gib"] = [_("%(used)s GiB are in use, earlier versions included; ask for more.") % said]
    return found


def leave(*, subscription: Subscription, by: Actor) -> Request:
    """Ask for the end: nothing new is written, and what was copied is kept for as long as was promised."""
    _may_ask(subscription, by)
    return _one_open(subscription, RequestKind.END, by, mode=Mode(leaving=True))


def purge(*, subscription: Subscription, by: Actor) -> Request:
    """Ask for the deletion of what was kept, once its time has passed. Raises StillKept before."""
    if not may_ask(by, subscription):
        raise Forbidden
    if subscription.kept_until is None or subscription.ended_at:
        raise NotInForce
    if now() < subscription.kept_until:
        raise StillKept
    return _one_open(subscription, RequestKind.PURGE, by)


def suspend(*, subscription: Subscription, by: Actor) -> Request:
    """The region stops writing at once, alone: a leak waits for no second person. Restoring goes on."""
    return _operate(subscription, RequestKind.SUSPEND, by, suspended=True)


def resume(*, subscription: Subscription, by: Actor) -> Request:
    """Writing goes on."""
    return _operate(subscription, RequestKind.RESUME, by, suspended=False)


def _operate(subscription: Subscription, kind: RequestKind, by: Actor, *, suspended: bool) -> Request:
    if not may_operate(by):
        raise Forbidden
    _in_force(subscription)
    mode = Mode.parse(subscription.mode)
    if mode.suspended == suspended:
        raise NothingChanges
    return _one_open(subscription, kind, by, mode=Mode(suspended, mode.leaving, mode.keys), alone=True)


def _may_ask(subscription: Subscription, by: Actor) -> None:
    if not may_ask(by, subscription):
        raise Forbidden
    _in_force(subscription)


def _in_force(subscription: Subscription) -> None:
    row = subscription
    if row.activated_at is None or row.leave_requested_at or row.ended_at or row.closed_at:
        raise NotInForce


def _one_open(subscription: Subscription, kind: RequestKind, by: Actor, **what: Any) -> Request:
    try:
        with transaction.atomic():
            return ask(subscription, kind, by, **what)
    except IntegrityError as error:
        open_ = subscription.requests.filter(decision="").first()
        raise RequestOpen(request=str(open_.public_id) if open_ else None) from error
