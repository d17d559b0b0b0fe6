"""Asking for a subscription, and taking the ask back."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from elaastic.levels import LEVELS, Level, Mode
from elaastic.models import Decision, Request, RequestKind, Subscription
from elaastic.models.errors import AuthorityNotVerified, LevelUnavailable, RequestClosed, SubscriptionExists
from elaastic.permissions import may_ask
from provisioning.services.clock import now
from provisioning.signals import doorbell
from tenants.models import Actor, LocalAuthority
from tenants.models.authorities import AuthorityState
from tenants.models.errors import FieldErrors, Forbidden, Invalid
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
    if authority.state != AuthorityState.VERIFIED:
        raise AuthorityNotVerified
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


def _exists(authority: LocalAuthority) -> SubscriptionExists:
    live = Subscription.objects.filter(authority=authority, ended_at=None, closed_at=None).first()
    return SubscriptionExists(subscription=str(live.public_id) if live else None)


def ask(
    subscription: Subscription,
    kind: RequestKind,
    by: Actor,
    *,
    terms: Mapping[str, Any] | None = None,
    mode: Mode | None = None,
    alone: bool = False,
) -> Request:
    """One open request, in the caller's transaction; what is not said stays as it is. `alone`: no second person
    is needed. IntegrityError when one is open already.
    """
    request = Request.objects.create(
        subscription=subscription,
        kind=kind,
        level=subscription.level,
        terms=dict(terms or subscription.terms),
        mode=subscription.mode if mode is None else mode.as_json(),
        requested_by=None if alone else by.user,
        preapproved_by=by.user if alone else None,
        plan_due=now(),
    )
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


def check_terms(level: int, terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms with their defaults, or Invalid with every field at fault."""
    found = available_level(level)
    full: dict[str, Any] = _whole_numbers({**_defaults(found), **terms})
    faults: dict[str, list[str]] = {}
    for error in _Validator(dict(found.schema)).iter_errors(full):
        name = ".".join(["terms", *(str(p) for p in error.absolute_path)])
        faults.setdefault(name, []).append(_sentence(error))
    names = [a.get("name") for a in full.get("archives", ()) if isinstance(a, dict)]
    if len(set(map(str, names))) != len(names):
        faults.setdefault("terms.archives", []).append(_("Two archives cannot have the same name."))
    if faults:
        refused: FieldErrors = faults
        raise Invalid(errors=refused)
    return full


def available_level(number: int) -> Level:
    """The level, or a refusal: unknown and merely announced are told apart."""
    found = LEVELS.get(number)
    if found is None:
        raise Invalid(errors={"level": [_("There are four levels: 1, 2, 3 and 4.")]})
    if not found.available:
        raise LevelUnavailable
    return found


def _defaults(level: Level) -> dict[str, Any]:
    return {name: p["default"] for name, p in level.schema["properties"].items() if "default" in p}


def _match_whole(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    """As ECMA 262 reads it, which JSON Schema goes by: there `$` is the very end, not before a last line break."""
    del validator, schema
    if isinstance(value, str) and not (re.search(pattern, value) and not value.endswith("\n")):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_Validator: Final[Any] = extend(Draft202012Validator, {"pattern": _match_whole})  # type: ignore[no-untyped-call]


def _whole_numbers(value: Any) -> Any:
    """500.0 is an integer to JSON Schema; what is stored, hashed and sent on is 500."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole_numbers(item) for name, item in value.items()}
    return [_whole_numbers(item) for item in value] if isinstance(value, list) else value


def _sentence(error: ValidationError) -> str:
    """What a person can do about it; the schema's own words where we have none."""
    limit: Any = error.validator_value
    sentences = {
        "minimum": _("At least %(limit)s.") % {"limit": limit},
        "maximum": _("At most %(limit)s.") % {"limit": limit},
        "minItems": _("At least %(limit)s is needed.") % {"limit": limit},
        "maxItems": _("At most %(limit)s are possible.") % {"limit": limit},
        "enum": _("One of these: %(limit)s.") % {"limit": _listed(limit)},
        "pattern": _("3 to 30 small letters, digits and inner hyphens."),
        "type": _("This has the wrong type; expected: %(limit)s.") % {"limit": limit},
        "uniqueItems": _("The same thing is named twice."),
        "required": _("A field is missing: %(limit)s.") % {"limit": _missing(error)},
        "additionalProperties": _("This field is not known: %(limit)s.") % {"limit": _unknown(error)},
    }
    return sentences.get(str(error.validator), error.message)


def _missing(error: ValidationError) -> str:
    """jsonschema tells of one missing field at a time, and names it in its message only."""
    return error.message.split("'")[1] if error.validator == "required" else ""


def _unknown(error: ValidationError) -> str:
    if error.validator != "additionalProperties" or not isinstance(error.schema, dict):
        return ""
    known, given = error.schema.get("properties", {}), cast(dict[str, Any], error.instance)
    # Somebody else's text in our sentence: what does not print (surrogates, right-to-left marks) is spelled out.
    return ", ".join(sorted(repr(str(name))[1:-1][:60] for name in given if name not in known))


def _listed(values: Any) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list | tuple) else str(values)


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
    if not open_.update(decision=Decision.WITHDRAWN, decided_at=moment, plan_due=None):
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
