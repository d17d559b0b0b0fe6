"""What is asked about a subscription that stands: other terms, a pause, an end, the deletion of what was kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elaastic.levels import LEVELS, Mode
from elaastic.levels.archives import copies_of, lock_of
from elaastic.models import Request, RequestKind, Subscription
from elaastic.models.errors import (
    DrillOpen,
    FailedOver,
    ImagesInUse,
    NothingChanges,
    NotInForce,
    RequestOpen,
    StillKept,
)
from elaastic.permissions import may_ask, may_operate
from elaastic.selectors.copies import given_up
from elaastic.selectors.recovery import pinned
from elaastic.services.asking import ask, check_terms, must_be_verified
from elaastic.usage import GIB, usage_of
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.models.errors import FieldErrors, Forbidden, Invalid


def change_terms(
    *, subscription: Subscription, terms: Mapping[str, Any], by: Actor, level: int | None = None
) -> Request:
    """Ask for other terms, whole, and with them for a higher `level`. Raises Forbidden, NotInForce,
    AuthorityNotVerified, LevelUnavailable, Invalid, NothingChanges, RequestOpen.
    """
    _may_ask(subscription, by)
    wanted = _up_only(subscription, level)
    frozen = check_terms(wanted, terms)
    check_change(subscription, frozen, wanted)
    return _one_open(subscription, RequestKind.CHANGE, by, terms=frozen, level=wanted)


def check_change(
    subscription: Subscription, terms: Mapping[str, Any] | None = None, level: int | None = None
) -> None:
    """Could these (checked) terms be asked for now? Stores nothing; raises what `change_terms` raises."""
    _in_force(subscription)
    must_be_verified(subscription.authority)
    wanted = _up_only(subscription, level)
    if terms is None:
        return
    faults: FieldErrors = _faults(subscription, terms)
    if Mode.parse(subscription.mode).failed_over:
        faults = {**faults, **_while_failed_over(subscription, terms)}
    if faults:
        raise Invalid(errors=faults)
    if terms == subscription.terms and wanted == subscription.level:
        raise NothingChanges


def _up_only(subscription: Subscription, level: int | None) -> int:
    """The level that is asked for. What a lower one would take away (a reserve, a recovery plan) no page shows."""
    if level is not None and level < subscription.level:
        raise Invalid(errors={"level": [_("The level can be stepped up, and not down.")]})
    return subscription.level if level is None else level


def _faults(subscription: Subscription, terms: Mapping[str, Any]) -> dict[str, list[str]]:
    level = LEVELS[subscription.level]
    sentences = {
        "lock": _("An archive keeps its lock: ask for a new archive beside it."),
        "retention": _("What is locked stays locked for as long as was promised: %(days)s days.")
        % {"days": subscription.terms.get("retention_days")},
        "copies": _("An archive keeps its number of copies: ask for a new archive beside it, with its own number."),
        "copies_of_all": _("This stays as it was agreed: give a new archive a number of copies of its own."),
    }
    broken = {**_unlike_when_given_up(subscription, terms), **level.fixed(subscription.terms, terms)}
    found: dict[str, list[str]] = {name: [sentences[promise]] for name, promise in broken.items()}
    used = usage_of(subscription).held_bytes
    if terms["quota_gib"] * GIB < used:
        said = {"used": f"{used / GIB:.1f}"}
        found["terms.quota_gib"] = [_("%(used)s GiB are in use, earlier versions included; ask for more.") % said]
    return found


def _while_failed_over(subscription: Subscription, terms: Mapping[str, Any]) -> dict[str, list[str]]:
    """What runs keeps its place."""
    said = [_("Your machines run on the reserve: this can change when they are off it again.")]
    return {
        f"terms.{name}": said for name in ("machines", "lan") if terms.get(name) != subscription.terms.get(name)
    }


def _unlike_when_given_up(subscription: Subscription, terms: Mapping[str, Any]) -> dict[str, str]:
    """An archive that was given up is still there, with what it was given: it can be wanted again as it is."""
    there = given_up(subscription)
    broken = {}
    for index, archive in enumerate(terms["archives"]):
        was = there.get(archive["name"])
        if was and was.immutability not in ("", lock_of(terms, archive)):
            broken[f"terms.archives.{index}.immutability"] = "lock"
        if was and was.copies not in (0, copies_of(terms, archive)):
            broken[f"terms.archives.{index}.copies"] = "copies"
    return broken


def leave(*, subscription: Subscription, by: Actor) -> Request:
    """Ask for the end: nothing new is written, and what was copied is kept for as long as was promised."""
    _may_ask(subscription, by)
    if Mode.parse(subscription.mode).failed_over:
        raise FailedOver
    if subscription.drills.filter(settled_at=None).exists():
        raise DrillOpen
    return _one_open(subscription, RequestKind.END, by, mode=Mode(leaving=True))


def purge(*, subscription: Subscription, by: Actor) -> Request:
    """Ask for the deletion of what was kept, once its time has passed. Raises StillKept before, ImagesInUse."""
    if not may_ask(by, subscription):
        raise Forbidden
    if subscription.kept_until is None or subscription.ended_at:
        raise NotInForce
    if now() < subscription.kept_until:
        raise StillKept
    if pinned(subscription).exists():
        raise ImagesInUse
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
    return _one_open(subscription, kind, by, mode=replace(mode, suspended=suspended), alone=True)


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
