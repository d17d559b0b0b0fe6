"""Many requests at once: chosen in the queue, read once more together, decided one by one, a result a row."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elaastic.models import Decision, Request, RequestState
from elaastic.permissions import is_on_its_side
from elaastic.selectors.subscriptions import requests_readable_by, state_of
from elaastic.services.deciding_many import MOST, Wanted, decide_many
from elaastic.views import words
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.plans import percent
from elaastic.views.rows import RequestRow, request_rows
from provisioning.selectors.capacity import Effect, plans_effects
from provisioning.selectors.region import region
from provisioning.selectors.stacks import plans
from tenants.models import Actor
from tenants.permissions import may_decide

_DECISIONS: Final = (Decision.APPROVED, Decision.REJECTED)


@dataclass(frozen=True)
class Line:
    """One request of the page; `why_not`: it cannot be decided here now."""

    row: RequestRow
    digest: str
    changes: int
    why_not: str


@signed_in
@require_POST
def decide_many_page(request: HttpRequest) -> HttpResponseBase:
    """`step` empty: what was chosen, once more. `approved` or `rejected`: done, each on its own."""
    actor = actor_of(request)
    if not may_decide(actor):
        raise PermissionDenied
    chosen = _chosen(request, actor)
    if not chosen:
        return redirect("request_queue")
    step, note = request.POST.get("step", ""), request.POST.get("note", "")
    if step not in _DECISIONS:
        return _confirm(request, actor, chosen)
    if step == Decision.REJECTED and not note.strip():
        return _confirm(request, actor, chosen, problem=_("Say why: the authority reads this."))
    if len(note) > 2000:
        return _confirm(request, actor, chosen, problem=_("At most %(count)s characters.") % {"count": 2000})
    wanted = [Wanted(r, step, request.POST.get(f"digest-{r.public_id}", ""), note) for r in chosen]
    found = list(decide_many(wanted, by=actor))
    after = {r.pk: r for r in requests_readable_by(actor).filter(pk__in=[r.pk for r in chosen])}
    rows = request_rows(after[o.wanted.request.pk] for o in found)
    context = {
        "results": [(row, sentence_of(o.refusal) if o.refusal else "") for row, o in zip(rows, found, strict=True)],
        "done": sum(1 for o in found if o.refusal is None),
        "approved": step == Decision.APPROVED,
    }
    return render(request, "elaastic/decisions_done.html", context)


def _chosen(request: HttpRequest, actor: Actor) -> list[Request]:
    ids = []
    for text in request.POST.getlist("request")[:MOST]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return list(requests_readable_by(actor).filter(public_id__in=ids).order_by("created_at"))


def _confirm(request: HttpRequest, actor: Actor, chosen: list[Request], problem: str = "") -> HttpResponseBase:
    seen = plans(r.plan_id for r in chosen if r.plan_id is not None)
    lines = [
        Line(row, r.plan_digest, len(seen[r.plan_id].changes) if r.plan_id in seen else 0, _why_not(actor, r))
        for row, r in zip(request_rows(chosen), chosen, strict=True)
    ]
    possible = [line for line in lines if not line.why_not]
    effects = plans_effects([seen[p] for line in possible if (p := line.row.request.plan_id) in seen])
    context = {
        "lines": lines,
        "possible": possible,
        "bars": _bars(effects),
        "fits": all(e.fits for e in effects),
        "problem": problem,
        "note": request.POST.get("note", ""),
    }
    return render(request, "elaastic/decisions.html", context, status=400 if problem else 200)


def _why_not(actor: Actor, request: Request) -> str:
    if request.decision:
        return _("It is decided already.")
    if is_on_its_side(actor, request):
        return _("Your own side asked for it: another approver must decide.")
    if state_of(request) == RequestState.PLANNING:
        return _("Its plan is not ready.")
    return ""


def _bars(effects: Iterable[Effect]) -> list[dict[str, Any]]:
    names = {site.code: site.name for site in region().sites}
    return [
        {
            "site": names.get(e.room.site, e.room.site),
            "before": words.amount(e.room.resource, e.room.used),
            "after": words.amount(e.room.resource, e.after),
            "total": words.amount(e.room.resource, e.room.total),
            "percent_before": percent(e.room.used, e.room.total),
            "percent_after": percent(e.after, e.room.total),
        }
        for e in effects
    ]
