"""Writing recovery plans: each save is a version of its own, and the newest is in force."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from elaastic.levels.recovery import default_document, faults
from elaastic.levels.recovery_schema import SCHEMA
from elaastic.models import RecoveryPlan, Subscription
from elaastic.models.errors import NothingChanges, NotInForce
from elaastic.permissions import may_ask
from elaastic.selectors.recovery_plans import plan_in_force, surroundings_of
from elaastic.selectors.sentences import PLAN_FINDINGS
from elaastic.services.judging import schema_faults, spelled_out, whole_numbers
from provisioning.domain.manifest import digest
from tenants.models import Actor
from tenants.models.errors import Forbidden, Invalid, StaleVersion
from tenants.services import audit
from tenants.services.checking import check_text


def write_first_plan(subscription: Subscription) -> None:
    """The plan that follows from terms with machines that have just come into force; nothing where there is one."""
    row = subscription
    if not row.recovery_plans.exists():
        document, there = default_document(row.terms), surroundings_of(row)
        RecoveryPlan.objects.create(subscription=row, version=1, document=document, written_for=there)


def save_plan(*, subscription: Subscription, document: Mapping[str, Any], seen: int, by: Actor) -> RecoveryPlan:
    """The next version, whole; `seen` is the one that its writer had in front of him.

    Raises Forbidden, NotInForce, Invalid (fields as `document.groups.0.machines`), NothingChanges, StaleVersion.
    """
    present = _plan_to_change(subscription, by)
    judged = check_document(document, subscription.terms)
    if present.version != seen:
        raise StaleVersion
    there = surroundings_of(subscription)
    if judged == present.document and there == present.written_for:
        raise NothingChanges
    try:
        with transaction.atomic():
            made = RecoveryPlan.objects.create(
                subscription=subscription, version=seen + 1, document=judged, written_for=there, by=by.user
            )
            _record(made, by)
            return made
    except IntegrityError as error:
        raise StaleVersion from error  # somebody saved in this very second


def _plan_to_change(subscription: Subscription, by: Actor) -> RecoveryPlan:
    if not may_ask(by, subscription):
        raise Forbidden
    if subscription.leave_requested_at or subscription.ended_at or subscription.closed_at:
        raise NotInForce
    return plan_in_force(subscription)


def check_document(document: Mapping[str, Any], terms: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it would be stored, or Invalid with every field at fault."""
    judged: dict[str, Any] = whole_numbers(dict(document))
    found: dict[str, list[Any]] = dict(schema_faults(SCHEMA, judged, "document"))
    if not found:
        for fault in faults(judged, terms):
            sentence = PLAN_FINDINGS[fault.code] % {"about": spelled_out(fault.about)}
            found.setdefault(f"document.{fault.field}", []).append(str(sentence))
    if not found:
        found = _unprintable(judged)
    if found:
        raise Invalid(errors=found)
    return judged


def _unprintable(document: Mapping[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, text in _texts(document, "document"):
        try:
            check_text(name, text, lines=name == "document.notes")
        except Invalid as refused:
            found |= {field: list(sentences) for field, sentences in refused.errors.items()}
    return found


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in pairs:
        yield from _texts(inner, f"{name}.{part}")


def _record(plan: RecoveryPlan, by: Actor) -> None:
    """The trail keeps a sum: names and telephone numbers stand in the plan alone."""
    audit.record(
        by=by,
        action="recovery_plan.saved",
        subject_type="subscription",
        subject_id=plan.subscription.public_id,
        authority=plan.subscription.authority,
        before={"version": plan.version - 1},
        after={"version": plan.version, "sha256": digest(plan.document)},
    )
