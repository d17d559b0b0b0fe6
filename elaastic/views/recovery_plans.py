"""The recovery plan: the paper that hangs on the wall, the page on which it is written, and what it said before."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from elaastic.forms_recovery import RecoveryPlanForm, initial_of
from elaastic.levels.recovery import fitted
from elaastic.levels.recovery_schema import CHECKS_OF
from elaastic.models import RecoveryPlan, Subscription
from elaastic.models.errors import NothingChanges
from elaastic.permissions import may_ask
from elaastic.recovery_typed import typed_document, with_part
from elaastic.selectors.recovery_plans import plan_in_force, versions_of
from elaastic.services.recovery_plans import check_document, save_plan
from elaastic.views import recovery_words
from elaastic.views.machines import starts_at
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.subscriptions import in_force, subscription_or_404
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.models.errors import DomainError, Invalid, NotFound, StaleVersion

_OLDEST_SHOWN = 200


@signed_in
def recovery_plan(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The plan in force: contacts first, then step by step. It is made to be printed."""
    actor = actor_of(request)
    row, plan = _found(actor, public_id)
    context = {**_shown(row, plan), "reasons": recovery_words.reasons(plan), "edits": _edits(actor, row)}
    return render(request, "elaastic/recovery_plan.html", context)


@signed_in
def recovery_plan_version(request: HttpRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """One version. POST: put it back in force, as the newest."""
    actor = actor_of(request)
    row, newest = _found(actor, public_id)
    plan = versions_of(row).filter(version=number).first()
    if plan is None:
        raise Http404
    if request.method == "POST":
        return _put_back(request, actor, plan, newest)
    before = versions_of(row).filter(version=number - 1).first()
    context = {
        **_shown(row, plan),
        "newest": newest,
        "changes": recovery_words.differences(before.document, plan.document) if before else [],
        "edits": _edits(actor, row) and plan != newest,
    }
    return render(request, "elaastic/recovery_plan_version.html", context)


def _put_back(request: HttpRequest, actor: Actor, plan: RecoveryPlan, newest: RecoveryPlan) -> HttpResponseBase:
    row = plan.subscription
    if not may_ask(actor, row):
        raise PermissionDenied
    try:
        made = save_plan(subscription=row, document=plan.document, seen=newest.version, by=actor)
    except Invalid:
        said = _("That version no longer fits. Here it is fitted to today's machines: read it, then save.")
        messages.warning(request, said)
        return redirect(f"{reverse('recovery_plan_edit', args=[row.public_id])}?from={plan.version}")
    except DomainError as refused:
        messages.warning(request, sentence_of(refused))
        return redirect("recovery_plan", row.public_id)
    numbers = {"old": plan.version, "new": made.version}
    messages.success(request, _("Version %(old)s is in force again, as version %(new)s.") % numbers)
    return redirect("recovery_plan", row.public_id)


@signed_in
def recovery_plan_history(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Every version with what it changed, and any two side by side (`?before=1&after=3`)."""
    row, _newest = _found(actor_of(request), public_id)
    found = list(versions_of(row)[:_OLDEST_SHOWN])
    by_number = {plan.version: plan for plan in found}
    rows = [(plan, recovery_words.changed_parts(by_number.get(plan.version - 1), plan)) for plan in found]
    two = [by_number.get(_number(request.GET.get(name, ""))) for name in ("before", "after")]
    before, after = two
    changes = recovery_words.differences(before.document, after.document) if before and after else []
    context = {"row": row, "rows": rows, "before": before, "after": after, "changes": changes}
    return render(request, "elaastic/recovery_plan_history.html", context)


@signed_in
def recovery_plan_edit(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """GET: the plan in force, fitted to today's machines. POST: `step` says what is meant; only `save` stores."""
    actor = actor_of(request)
    row, newest = _found(actor, public_id)
    if not may_ask(actor, row) or not in_force(row):
        raise PermissionDenied
    if request.method != "POST":
        older = versions_of(row).filter(version=_number(request.GET.get("from", ""))).first()
        return _page(request, newest, fitted((older or newest).document, row.terms), newest.version)
    kinds = {machine["name"]: CHECKS_OF[machine["nature"]] for machine in row.terms["machines"]}
    typed = typed_document(request.POST, kinds)
    step = request.POST.get("step", "save")
    if step != "save":
        made, go_on_in = with_part(typed, step)
        return _page(request, newest, made, _number(request.POST.get("version", "")), go_on_in=go_on_in)
    return _save(request, actor, row, newest, typed)


def _save(
    request: HttpRequest, actor: Actor, row: Subscription, newest: RecoveryPlan, typed: dict[str, Any]
) -> HttpResponseBase:
    form = RecoveryPlanForm(request.POST, shape=typed)
    readable = form.is_valid()
    try:
        document = check_document(form.document(), row.terms)
        if not readable:
            return _form_page(request, newest, form, 400)
        save_plan(subscription=row, document=document, seen=form.cleaned_data["version"], by=actor)
    except Invalid as refused:
        form.accept_faults(refused)
        return _form_page(request, newest, form, 400)
    except StaleVersion:
        return _overtaken(request, row, typed)
    except NothingChanges as refused:
        messages.info(request, sentence_of(refused))
        return redirect("recovery_plan", row.public_id)
    except DomainError as refused:
        form.add_error(None, sentence_of(refused))
        return _form_page(request, newest, form, refused.status)
    messages.success(request, _("The plan was saved. Print it again, and hang it where it is needed."))
    return redirect("recovery_plan", row.public_id)


def _overtaken(request: HttpRequest, row: Subscription, typed: dict[str, Any]) -> HttpResponse:
    """Somebody saved meanwhile: what was typed stays, beside what they changed."""
    newest = plan_in_force(row)
    seen = versions_of(row).filter(version=_number(request.POST.get("version", ""))).first()
    theirs = recovery_words.differences(seen.document, newest.document) if seen else []
    return _page(request, newest, typed, newest.version, theirs=theirs, overtaken=True, status=412)


def _page(
    request: HttpRequest,
    newest: RecoveryPlan,
    document: dict[str, Any],
    version: int,
    *,
    go_on_in: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    form = RecoveryPlanForm(shape=document, initial=initial_of(document, version))
    if go_on_in in form.fields:
        form.fields[go_on_in].widget.attrs["autofocus"] = True
    return _form_page(request, newest, form, status, **more)


def _form_page(
    request: HttpRequest, newest: RecoveryPlan, form: RecoveryPlanForm, status: int, **more: Any
) -> HttpResponse:
    row = newest.subscription
    context = {"row": row, "plan": newest, "form": form, "reasons": recovery_words.reasons(newest), **more}
    return render(request, "elaastic/recovery_plan_edit.html", context, status=status)


def _found(actor: Actor, public_id: UUID) -> tuple[Subscription, RecoveryPlan]:
    """The subscription and its plan; 404 where there are no machines."""
    row = subscription_or_404(actor, public_id)
    try:
        return row, plan_in_force(row)
    except NotFound as error:
        raise Http404 from error


def _shown(row: Subscription, plan: RecoveryPlan) -> dict[str, Any]:
    return {
        "row": row,
        "plan": plan,
        "groups": recovery_words.plan_groups(plan),
        "site": starts_at(row),
        "printed": now(),
    }


def _edits(actor: Actor, row: Subscription) -> bool:
    return may_ask(actor, row) and in_force(row)


def _number(text: str) -> int:
    """A version as it stands in an address or a hidden field; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
