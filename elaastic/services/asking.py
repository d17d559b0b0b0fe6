"""Asking for a subscription, and taking the ask back."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elaastic.levels import LEVELS, Level, Mode
from elaastic.models import Decision, Request, RequestKind, Subscription
from elaastic.models.errors import AuthorityNotVerified, LevelUnavailable, RequestClosed, SubscriptionExists
from elaastic.permissions import may_ask
from elaastic.selectors.placing import is_offered
from elaastic.services.judging import schema_faults, whole_numbers
from provisioning.selectors.region import protocols, systems
from provisioning.services.clock import now
from provisioning.signals import doorbell
from tenants.models import Actor, LocalAuthority
from tenants.models.authorities import AuthorityState
from tenants.models.errors import FieldErrors, Forbidden, Invalid, StaleVersion
from tenants.permissions import may_act_for
from tenants.services import audit
from tenants.services.checking import check_text


def request_subscription(
    *, authority: LocalAuthority, level: int, terms: Mapping[str, Any], by: Actor, external_ref: str = ""
) -> Request:
    """Freeze the terms and ask. Raises Forbidden, AuthorityNotVerified, LevelUnavailable, Invalid,
    SubscriptionExists; nothing is stored half.
    """
    if not may_act_for(by, authority):
        raise Forbidden
    must_be_verified(authority)
    frozen = check_terms(level, terms)
    if len(external_ref) > 100:
        raise Invalid(errors={"external_ref": [_("At most 100 characters.")]})
    check_text("external_ref", external_ref)
    try:
        with transaction.atomic():
            subscription = Subscription.objects.create(
                authority=authority, level=level, terms=frozen, external_ref=external_ref
            )
            return ask(subscription, RequestKind.START, by)
    except IntegrityError as error:
        raise _exists(authority) from error


def must_be_verified(authority: LocalAuthority) -> None:
    """Nothing new is made for a body that the region does not know, or has suspended: AuthorityNotVerified."""
    if authority.state == AuthorityState.SUSPENDED:
        raise AuthorityNotVerified(
            _("The region has suspended this authority: nothing new is made for it until its operators resume it.")
        )
    if authority.state != AuthorityState.VERIFIED:
        raise AuthorityNotVerified


def _exists(authority: LocalAuthority) -> SubscriptionExists:
    live = Subscription.objects.filter(authority=authority, ended_at=None, closed_at=None).first()
    return SubscriptionExists(subscription=str(live.public_id) if live else None)


def ask(
    subscription: Subscription,
    kind: RequestKind,
    by: Actor,
    *,
    terms: Mapping[str, Any] | None = None,
    level: int | None = None,
    mode: Mode | None = None,
    alone: bool = False,
) -> Request:
    """One open request, in the caller's transaction; what is not said stays as it is. `alone`: no second person
    is needed. IntegrityError when one is open already, StaleVersion when what was read of it has moved since.
    """
    request = Request.objects.create(
        subscription=subscription,
        kind=kind,
        level=level or subscription.level,
        terms=dict(terms or subscription.terms),
        mode=subscription.mode if mode is None else mode.as_json(),
        requested_by=None if alone else by.user,
        preapproved_by=by.user if alone else None,
        plan_due=now(),
    )
    _is_as_read(subscription)
    audit.record(
        by=by,
        action=f"subscription.{kind}_requested",
        subject_type="request",
        subject_id=request.public_id,
        authority=subscription.authority,
        after={"level": request.level, "terms": request.terms, **({"mode": request.mode} if request.mode else {})},
    )
    doorbell.ring("elaastic.tasks.make_plan", request.pk)
    return request


def _is_as_read(subscription: Subscription) -> None:
    """Two click at once, and the first one's request is carried out before the second one's is made. Read after the
    insert: from then on no other request can be decided.
    """
    there = Subscription.objects.filter(pk=subscription.pk).values(*_DECIDED_BY).get()
    if any(there[name] != getattr(subscription, name) for name in _DECIDED_BY):
        raise StaleVersion


_DECIDED_BY: Final = ("level", "terms", "mode", "leave_requested_at", "ended_at", "closed_at")


def check_terms(level: int, terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms with their defaults, or Invalid with every field at fault."""
    found = available_level(level)
    full: dict[str, Any] = whole_numbers({**_defaults(found), **terms})
    faults = schema_faults(found.offering(protocols(), systems()), full, "terms")
    names = [a.get("name") for a in full.get("archives", ()) if isinstance(a, dict)]
    if len(set(map(str, names))) != len(names):
        faults.setdefault("terms.archives", []).append(_("Two archives cannot have the same name."))
    if not faults:
        faults = {field: [_(fault)] for field, fault in found.faults(full).items()}
    if faults:
        refused: FieldErrors = faults
        raise Invalid(errors=refused)
    return full


def available_level(number: int) -> Level:
    """The level, or a refusal: unknown and merely announced are told apart."""
    found = LEVELS.get(number)
    if found is None:
        raise Invalid(errors={"level": [_("There are four levels: 1, 2, 3 and 4.")]})
    if not is_offered(found):
        raise LevelUnavailable
    return found


def _defaults(level: Level) -> dict[str, Any]:
    return {name: p["default"] for name, p in level.schema["properties"].items() if "default" in p}


@transaction.atomic
def withdraw_request(*, request: Request, by: Actor) -> None:
    """The authority takes its ask back; a new one may follow at once. A repair it did not ask for."""
    subscription = request.subscription
    if not may_ask(by, subscription):
        raise Forbidden
    if request.requested_by_id is None:
        raise Forbidden(_("The portal itself asked for this; the region decides on it."))
    open_ = Request.objects.filter(pk=request.pk, decision=Decision.OPEN)
    moment = now()
    if not open_.update(decision=Decision.WITHDRAWN, decided_at=moment, plan_due=None, question_at=None):
        raise RequestClosed
    if request.kind == RequestKind.START:
        Subscription.objects.filter(pk=subscription.pk).update(closed_at=moment)
    audit.record(
        by=by,
        action="request.withdrawn",
        subject_type="request",
        subject_id=request.public_id,
        authority=subscription.authority,
    )
