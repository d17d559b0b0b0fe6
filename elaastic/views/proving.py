"""Does it arrive, and does it come back: the look that a person asks for, and the restore test in three steps."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elaastic.forms_proving import AnswerForm, RestoreTestForm
from elaastic.levels import Mode
from elaastic.models import RestoreState, RestoreTest, Subscription
from elaastic.models.errors import NoRestoreTest
from elaastic.permissions import may_ask, may_read_region
from elaastic.selectors.readings import last_look, longest_unproven, open_restore_test, proofs_of
from elaastic.selectors.restores import command
from elaastic.services import proving
from elaastic.services.arriving import look_at_arrivals
from elaastic.services.collecting import connection_of
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.subscriptions import subscription_or_404
from tenants.models import Actor
from tenants.models.errors import DomainError, Invalid, TooMany

_NEWEST = 50


@signed_in
def proof(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """GET: where the proof stands. POST: begin a restore test."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    if request.method != "POST":
        return _page(request, actor, row)
    if not may_ask(actor, row):
        raise PermissionDenied
    form = RestoreTestForm(request.POST, subscription=row)
    if not form.is_valid():
        return _page(request, actor, row, form=form, status=400)
    try:
        proving.begin_restore_test(subscription=row, by=actor, **form.cleaned_data)
    except Invalid as refused:
        form.accept_faults(refused)
        return _page(request, actor, row, form=form, status=400)
    except DomainError as refused:
        return _page(request, actor, row, problem=sentence_of(refused), status=refused.status)
    return redirect("proof", public_id)


@signed_in
@require_POST
def answer(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """What came out."""
    actor, row, test = _own(request, public_id)
    form = AnswerForm(request.POST)
    if test is None:
        return _page(request, actor, row, problem=str(NoRestoreTest.title), status=NoRestoreTest.status)
    if not form.is_valid():
        return _page(request, actor, row, answered=form, status=400)
    try:
        ended = proving.answer_restore_test(test=test, sha256=form.cleaned_data["sha256"], by=actor)
    except Invalid as refused:
        form.accept_faults(refused)
        return _page(request, actor, row, answered=form, status=400)
    except DomainError as refused:
        return _page(request, actor, row, problem=sentence_of(refused), status=refused.status)
    if ended.state == RestoreState.RESTORING:
        said = _("This is not what was to come back. Was it the right file and archive? Tries left: %(left)s.")
        form.add_error("sha256", said % {"left": ended.tries_left})
        return _page(request, actor, row, answered=form, status=400)
    if ended.state == RestoreState.PASSED:
        messages.success(request, _("It is exactly what was copied: your authority can restore."))
    else:
        messages.error(request, _("The test has failed: what came back was not what was copied."))
    return redirect("proof", public_id)


@signed_in
@require_POST
def stop(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Give up: with a result (`failed`), or without one."""
    actor, row, test = _own(request, public_id)
    if test is None:
        return redirect("proof", public_id)
    failed = request.POST.get("failed") == "yes"
    try:
        proving.stop_restore_test(test=test, failed=failed, by=actor)
    except DomainError as refused:
        return _page(request, actor, row, problem=sentence_of(refused), status=refused.status)
    messages.info(request, _("The restore test was ended."))
    return redirect("proof", public_id)


@signed_in
def proof_file(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The proof file, until a copy has taken it: afterwards it comes out of the backup or not at all."""
    _actor, _row, test = _own(request, public_id)
    if test is None or test.state != RestoreState.COPYING:
        raise Http404
    found = HttpResponse(test.proof_text, content_type="text/plain; charset=utf-8")
    found["Content-Disposition"] = f'attachment; filename="{test.filename}"'
    found["Cache-Control"] = "no-store, private"
    return found


@signed_in
@require_POST
def look(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """A worker looks now whether something arrived; the page that it leads back to says what it saw."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    try:
        look_at_arrivals(subscription=row, by=actor)
    except TooMany as refused:
        messages.warning(request, sentence_of(refused))
    except DomainError as refused:
        raise PermissionDenied from refused
    back = request.POST.get("back", "")
    return redirect(back if back in ("proof", "images") else "subscription", public_id)


def _own(request: HttpRequest, public_id: UUID) -> tuple[Actor, Subscription, RestoreTest | None]:
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    if not may_ask(actor, row):
        raise PermissionDenied
    return actor, row, open_restore_test(row)


def _page(
    request: HttpRequest,
    actor: Actor,
    row: Subscription,
    *,
    form: RestoreTestForm | None = None,
    answered: AnswerForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    test = open_restore_test(row)
    acts = may_ask(actor, row)
    context = {
        "row": row,
        "test": test,
        "acts": acts,
        "looks": acts or may_read_region(actor),
        "form": form or (_blank(row) if acts and test is None else None),
        "answered": answered or AnswerForm(),
        "problem": problem,
        "proofs": proofs_of(row),
        "entries": row.verifications.select_related("by")[:_NEWEST],
        "archive": last_look(row, test.archive) if test else None,
        "writes": Mode.parse(row.mode).writes,
        **_asked_for(row, test),
    }
    return render(request, "elaastic/proof.html", context, status=status)


def _blank(row: Subscription) -> RestoreTestForm:
    return RestoreTestForm(subscription=row, initial={"archive": longest_unproven(row)})


def _asked_for(row: Subscription, test: RestoreTest | None) -> dict[str, str]:
    """The command, once there is something to restore."""
    if test is None or test.state != RestoreState.RESTORING:
        return {}
    access = connection_of(row).access("restore", "")
    return {"command": command(test, access), "file": test.sample.get("key") or test.filename}
