"""Question and answer about an open request, and other terms that the region would approve.

While the region waits for words the request is in the state "more information"; its plan stays what it is.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from elaastic.models import Decision, Message, Request, RequestKind, Subscription
from elaastic.models.errors import NoCounter, NotForTalk, NothingAsked, NothingChanges, OwnRequest, RequestClosed
from elaastic.permissions import is_on_its_side, may_ask, may_operate
from elaastic.services.asking import check_terms
from elaastic.services.changing import check_change
from elaastic.services.patience import patiently
from provisioning.domain.manifest import digest
from provisioning.services.clock import now
from provisioning.signals import doorbell
from tenants.models import Actor
from tenants.models.errors import Forbidden, Invalid
from tenants.permissions import may_decide
from tenants.services import audit
from tenants.services.checking import check_text

LONGEST: Final = 2000
# What has terms to talk about; the others are one's right, or a worker's.
_NEGOTIABLE: Final = frozenset({RequestKind.START, RequestKind.CHANGE})


def ask_information(*, request: Request, text: str, by: Actor) -> Message:
    """The region asks. Raises Forbidden, OwnRequest, NotForTalk, Invalid, RequestClosed."""
    if not (may_decide(by) or may_operate(by)):
        raise Forbidden
    _not_ones_own(request, by)
    _check("text", text)
    with transaction.atomic():
        moment = now()
        _still_open(request, question_at=moment, counter={}, counter_by=None)
        return _say(request, text, by, "request.information_asked", from_region=True)


def answer(*, request: Request, text: str, by: Actor) -> Message:
    """The authority answers: it is the region's move again, and other terms that it proposed are declined."""
    if not may_ask(by, request.subscription):
        raise Forbidden
    _check("text", text)
    with transaction.atomic():
        _still_open(request, waiting=True, question_at=None, counter={}, counter_by=None)
        return _say(request, text, by, "request.answered", from_region=False)


def counter(*, request: Request, terms: Mapping[str, Any], text: str, by: Actor) -> Message:
    """The region says which terms it would approve, whole, and why. Raises Forbidden, OwnRequest, NotForTalk,
    Invalid, NothingChanges, RequestClosed. Nothing changes until the authority accepts.
    """
    if not may_decide(by):
        raise Forbidden
    _not_ones_own(request, by)
    if request.kind not in _NEGOTIABLE:
        raise NotForTalk
    _check("note", text)
    frozen = _checked(request, terms)
    if frozen == request.terms:
        raise NothingChanges
    with transaction.atomic():
        _still_open(request, question_at=now(), counter=frozen, counter_by=by.user)
        return _say(request, text, by, "request.countered", from_region=True, terms=frozen)


def accept_counter(*, request: Request, counter_digest: str, by: Actor) -> None:
    """The authority takes exactly the terms that it was shown: they are the request's from now on, and a worker
    makes their plan. Raises Forbidden, NoCounter, Invalid, RequestClosed.
    """
    if not may_ask(by, request.subscription):
        raise Forbidden
    row = Request.objects.select_related("subscription__authority").get(pk=request.pk)
    if row.decision:
        raise RequestClosed
    if not row.counter or digest_of(row) != counter_digest:
        raise NoCounter
    terms = _checked(row, row.counter)
    patiently(lambda: _accept(row, terms, by))


def _accept(row: Request, terms: dict[str, Any], by: Actor) -> None:
    same = Request.objects.filter(pk=row.pk, decision=Decision.OPEN, counter=row.counter)
    if not same.update(
        terms=terms, counter={}, counter_by=None, question_at=None, accepted_by=by.user,
        plan_due=now(), plan_digest="", planning_problem="", planning_message="",
    ):  # fmt: skip
        raise NoCounter
    if row.kind == RequestKind.START:
        Subscription.objects.filter(pk=row.subscription_id).update(terms=terms)
    _record(row, by, "request.counter_accepted", {"terms": terms}, {"terms": row.terms})
    doorbell.ring("elaastic.tasks.make_plan", row.pk)


def digest_of(request: Request) -> str:
    """What says which proposal was read; '' while there is none."""
    return digest(request.counter) if request.counter else ""


def _checked(request: Request, terms: Mapping[str, Any]) -> dict[str, Any]:
    frozen = check_terms(request.level, terms)
    if request.kind == RequestKind.CHANGE:
        check_change(request.subscription, frozen, request.level)
    return frozen


def _check(name: str, text: str) -> None:
    if not text.strip():
        raise Invalid(errors={name: [_("Write what you want to say.")]})
    if len(text) > LONGEST:
        raise Invalid(errors={name: [_("At most %(count)s characters.") % {"count": LONGEST}]})
    check_text(name, text, lines=True)


def _not_ones_own(request: Request, by: Actor) -> None:
    if request.requested_by_id is None:
        raise NotForTalk
    if is_on_its_side(by, request):
        raise OwnRequest


def _still_open(request: Request, *, waiting: bool = False, **changes: Any) -> None:
    rows = Request.objects.filter(pk=request.pk, decision=Decision.OPEN)
    if not rows.filter(**({"question_at__isnull": False} if waiting else {})).update(**changes):
        raise NothingAsked if waiting and rows.exists() else RequestClosed


def _say(request: Request, text: str, by: Actor, action: str, *, from_region: bool, **told: Any) -> Message:
    moment = now()
    said = Message.objects.create(
        subscription=request.subscription,
        request=request,
        author=by.user,
        from_region=from_region,
        text=text.strip(),
        created_at=moment,
        tell_due=moment,
    )
    _record(request, by, action, {"text": said.text, **told})
    return said


def _record(
    request: Request, by: Actor, action: str, after: dict[str, Any], before: dict[str, Any] | None = None
) -> None:
    audit.record(
        by=by,
        action=action,
        subject_type="request",
        subject_id=request.public_id,
        authority=request.subscription.authority,
        before=before,
        after=after,
    )
