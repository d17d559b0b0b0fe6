"""The operator's console: stacks with what hinders them, and the few acts that a person may order."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elaastic.forms import AdoptForm
from elaastic.services.operating import accept_restored, adopt_resource, look_at_stack, retry_stack
from elaastic.views.person import actor_of, regional, sentence_of
from elaastic.views.plans import sites_of
from elaastic.views.rows import stack_rows
from elaastic.views.standing import Part, part
from elaastic.views.timelines import event_entries
from provisioning.domain.conditions import NEEDS_HUMAN, State
from provisioning.selectors.capacity import platforms
from provisioning.selectors.orphans import open_sightings
from provisioning.selectors.stacks import StackView, events, most_urgent, resources, stacks
from tenants.models import Actor
from tenants.models.errors import DomainError
from tenants.permissions import may_operate
from tenants.views.tables import csv_answer

_NEWEST = 500
_EVENTS = 1000
# ?show= → the states of the list
FILTERS = {
    "waiting": tuple(sorted(NEEDS_HUMAN)),
    "moving": (State.PENDING, State.PROGRESSING),
    "ready": (State.READY,),
    "all": (),
}


@regional
def console(request: HttpRequest) -> HttpResponseBase:
    """Stacks, those that wait for a person first; platforms; orphans."""
    show = request.GET.get("show", "all")
    urgent, _total = most_urgent(FILTERS.get(show, ()), limit=_NEWEST)
    found = stack_rows(urgent)
    if request.GET.get("format") == "csv":
        head = [_("Stack"), _("Authority"), _("Condition"), _("Reason"), _("Message"), _("Whose move")]
        return csv_answer("stack.csv", head, [_csv_row(row) for row in found])
    context = {
        "rows": found,
        "show": show,
        "filters": [
            ("all", _("All")),
            ("waiting", _("Stopped or drifted")),
            ("moving", _("In progress")),
            ("ready", _("Ready")),
        ],
        "platforms": platforms(),
        "sightings": open_sightings(),
        "operates": may_operate(actor_of(request)),
    }
    return render(request, "elaastic/console.html", context)


def _csv_row(row: Any) -> list[Any]:
    said = row.stack.condition
    name = row.subscription.authority.name if row.subscription else ""
    return [row.stack.key, name, said.state, said.reason, said.message, row.move]


def _stack_or_404(key: str) -> StackView:
    found = stacks([key]).get(key)
    if found is None:
        raise Http404
    return found


@regional
def console_stack(request: HttpRequest, key: str) -> HttpResponseBase:
    """One stack: each resource with its reason, its next step and the buttons for it."""
    return _page(request, key)


def _page(request: HttpRequest, key: str, problem: str = "", status: int = 200) -> HttpResponse:
    stack = _stack_or_404(key)
    row = stack_rows([stack])[0]
    found = [(part(r), r) for r in resources(key)]
    operates = may_operate(actor_of(request))
    context = {
        "stack": stack,
        "row": row,
        "sites": sites_of(stack.placement),
        "parts": [
            {
                "part": shown,
                "platform": r.platform,
                "orphan": r.orphan,
                "retries": operates and r.condition.state in (State.FAILED, State.BLOCKED),
                "adopts": operates and _may_adopt(shown),
            }
            for shown, r in found
        ],
        "operates": operates,
        "retries": operates and any(r.condition.state in (State.FAILED, State.BLOCKED) for _p, r in found),
        "entries": event_entries(events(key, limit=_EVENTS)),
        "problem": problem,
    }
    return render(request, "elaastic/console_stack.html", context, status=status)


def _may_adopt(shown: Part) -> bool:
    return not shown.external_id and shown.condition.state in (State.FAILED, State.BLOCKED)


def _operator(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not may_operate(actor):
        raise PermissionDenied
    return actor


@regional
@require_POST
def console_retry(request: HttpRequest, key: str) -> HttpResponseBase:
    """The whole stack, or the resource that the button names."""
    actor, resource = _operator(request), request.POST.get("resource", "")[:60]
    said = _("The portal tries again now: this page shows what comes of it.")
    return _do(request, key, lambda: retry_stack(stack_key=key, resource=resource, by=actor), said)


@regional
@require_POST
def console_look(request: HttpRequest, key: str) -> HttpResponseBase:
    """Every resource, now."""
    actor = _operator(request)
    said = _("The portal looks at every part now: reload the page in a moment.")
    return _do(request, key, lambda: look_at_stack(stack_key=key, by=actor), said)


def _do(request: HttpRequest, key: str, act: Callable[[], object], said: str) -> HttpResponseBase:
    try:
        act()
    except DomainError as refused:
        return _page(request, key, sentence_of(refused), refused.status)
    messages.success(request, said)
    return redirect("console_stack", key)


@regional
def console_adopt(request: HttpRequest, key: str, resource: str) -> HttpResponseBase:
    """Which object is this resource's: typed, and confirmed by a tick."""
    actor = _operator(request)
    stack = _stack_or_404(key)
    row = next((r for r in resources(key) if r.name == resource), None)
    if row is None:
        raise Http404
    form = AdoptForm(request.POST or None)
    problem, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            chosen = form.cleaned_data["external_id"].strip()
            try:
                adopt_resource(stack_key=key, resource=resource, external_id=chosen, by=actor)
            except DomainError as refused:
                problem, status = sentence_of(refused), refused.status
            else:
                messages.success(request, _("The portal now holds this object against its marker."))
                return redirect("console_stack", key)
    context = {"stack": stack, "shown": part(row), "form": form, "problem": problem}
    return render(request, "elaastic/console_adopt.html", context, status=status)


@regional
def console_accept(request: HttpRequest, platform: str) -> HttpResponseBase:
    """The report of a restored database: read here, accepted here."""
    actor = _operator(request)
    found = next((p for p in platforms() if p.id == platform), None)
    if found is None:
        raise Http404
    problem, status = "", 200
    if request.method == "POST":
        try:
            accept_restored(platform=platform, by=actor)
        except DomainError as refused:
            problem, status = sentence_of(refused), refused.status
        else:
            messages.success(request, _("Accepted: the portal writes to this platform again."))
            return redirect("console")
    return render(request, "elaastic/console_accept.html", {"platform": found, "problem": problem}, status=status)
