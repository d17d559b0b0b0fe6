"""Asking for level 1: the terms on one page, the summary on the next, and one request however often it is sent."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elaastic.forms import AskForm, UnderstoodForm, typed
from elaastic.levels import LEVELS
from elaastic.models import Request, Subscription
from elaastic.models.errors import SubscriptionExists
from elaastic.services.asking import check_terms, request_subscription
from elaastic.views import words
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.plans import sites_of
from provisioning.selectors.capacity import choose_storage
from tenants.models import ACTS_FOR, MAY_ASK, Actor, LocalAuthority
from tenants.models.errors import DomainError, Invalid
from tenants.selectors import my_authorities

LEVEL = 1


@signed_in
def ask(request: HttpRequest) -> HttpResponseBase:
    """GET: the form. POST: its button says what is meant (`step`); only `send` stores anything."""
    actor = actor_of(request)
    free, hindered = candidates(actor)
    if request.method != "POST":
        if not free:
            return render(request, "elaastic/ask_not_now.html", {"hindered": hindered})
        return _page(request, _fresh(free), hindered)
    step = request.POST.get("step", "check")
    if step in {"add", "edit"} or step.startswith("remove-"):
        return _page(request, _with_rows(request.POST, step, free), hindered, grown=step == "add")
    if step == "send":
        return _send(request, actor, free, hindered)
    return _check(request, free, hindered)


def candidates(actor: Actor) -> tuple[list[LocalAuthority], list[dict[str, Any]]]:
    """Those for which one can ask now, and the others with what hinders."""
    mine = list(my_authorities(actor))
    rows = Subscription.objects.filter(authority__in=mine, ended_at=None, closed_at=None)
    live = {s.authority_id: s for s in rows}
    free, hindered = [], []
    for authority in mine:
        why = _hindrance(actor, authority, live.get(authority.pk))
        if why:
            hindered.append({"authority": authority, "why": why, "subscription": live.get(authority.pk)})
            continue
        free.append(authority)
    return free, hindered


def _hindrance(actor: Actor, authority: LocalAuthority, live: Subscription | None) -> str:
    if live is not None:
        return "exists"
    if actor.user.roles_by_authority.get(authority.pk) not in ACTS_FOR:
        return "role"
    return "" if authority.state in MAY_ASK else authority.state


def _fresh(free: list[LocalAuthority]) -> AskForm:
    defaults = dict(LEVELS[LEVEL].defaults)
    archives = defaults.pop("archives")
    initial = {**defaults, "rows": len(archives)}
    for index, archive in enumerate(archives):
        initial[f"archive-{index}-name"] = archive["name"]
        initial[f"archive-{index}-interval"] = archive["expected_interval_hours"]
    return AskForm(authorities=free, rows=len(archives), initial=initial)


def rows_of(data: QueryDict) -> int:
    """How many archives are on the page, as the page says."""
    asked = data.get("rows", "1")
    return int(asked) if asked.isdecimal() and len(asked) < 4 else 1


def _with_rows(data: QueryDict, step: str, free: list[LocalAuthority]) -> AskForm:
    """The page as it was typed, one archive more or less; nothing is judged yet."""
    kept = kept_rows(data, step)
    rows = len(kept) + 1 if step == "add" else len(kept)
    return AskForm(authorities=free, rows=rows, initial={**typed(data, kept), "rows": rows})


def kept_rows(data: QueryDict, step: str) -> list[int]:
    """The archives that stay on the page; one stays always."""
    kept = list(range(rows_of(data)))
    return [i for i in kept if f"remove-{i}" != step] or [0]


def _page(
    request: HttpRequest, form: AskForm, hindered: list[dict[str, Any]], *, grown: bool = False, status: int = 200
) -> HttpResponse:
    if grown:
        last = f"archive-{form.archives - 1}-name"
        form.fields[last].widget.attrs["autofocus"] = True
    context = {"form": form, "hindered": hindered, "steps": _steps()}
    return render(request, "elaastic/ask.html", context, status=status)


def _steps() -> list[str]:
    return [_("What you need"), _("Check and send")]


def _read(request: HttpRequest, free: list[LocalAuthority]) -> tuple[AskForm, dict[str, Any] | None]:
    """The bound form, and the terms when everything is in order."""
    form = AskForm(request.POST, authorities=free, rows=rows_of(request.POST))
    readable = form.is_valid()
    try:
        terms = check_terms(LEVEL, form.terms())
    except Invalid as refused:
        form.accept_faults(refused)
        return form, None
    return form, terms if readable else None


def _check(request: HttpRequest, free: list[LocalAuthority], hindered: list[dict[str, Any]]) -> HttpResponse:
    form, terms = _read(request, free)
    if terms is None:
        return _page(request, form, hindered, status=400)
    return _summary(request, form, terms, free, UnderstoodForm())


def _summary(
    request: HttpRequest,
    form: AskForm,
    terms: dict[str, Any],
    free: list[LocalAuthority],
    understood: UnderstoodForm,
    status: int = 200,
) -> HttpResponse:
    authority = _chosen(form, free)
    near = None
    if authority.seat_lat is not None and authority.seat_lon is not None:
        near = (authority.seat_lat, authority.seat_lon)
    placement = choose_storage(terms["copies"], terms["quota_gib"], near)
    context = {
        "authority": authority,
        "facts": terms_facts(terms),
        "forever": terms["immutability"] == "compliance",
        "understood": understood,
        "hidden": [
            (n, v) for n, v in request.POST.items() if n not in ("csrfmiddlewaretoken", "step", "understood")
        ],
        "sites": sites_of(placement) if placement else "",
        "steps": _steps(),
    }
    return render(request, "elaastic/ask_summary.html", context, status=status)


def _chosen(form: AskForm, free: list[LocalAuthority]) -> LocalAuthority:
    return next(a for a in free if str(a.public_id) == form.cleaned_data["authority"])


def terms_facts(terms: dict[str, Any]) -> list[tuple[str, str]]:
    """The terms in words, for the summary, the request and the subscription."""
    archives = ", ".join(str(a["name"]) for a in terms.get("archives", ()))
    immutability = terms.get("immutability", "none")
    return [
        (_("Space"), words.gib(terms.get("quota_gib", 0))),
        (_("Archives"), archives),
        (_("Earlier versions are kept for"), words.days(terms.get("retention_days", 0))),
        (_("Lock against deletion"), str(words.IMMUTABILITY.get(immutability, immutability))),
        (_("Copies"), _("One on each of %(count)s sites") % {"count": terms.get("copies", "?")}),
    ]


def _send(
    request: HttpRequest, actor: Actor, free: list[LocalAuthority], hindered: list[dict[str, Any]]
) -> HttpResponseBase:
    already = _sent_already(request, actor)
    if already is not None:
        return redirect("request", already.public_id)
    if not free:
        return render(request, "elaastic/ask_not_now.html", {"hindered": hindered}, status=409)
    form, terms = _read(request, free)
    if terms is None:
        return _page(request, form, hindered, status=400)
    understood = UnderstoodForm(request.POST)
    if terms["immutability"] == "compliance" and not understood.is_valid():
        return _summary(request, form, terms, free, understood, 400)
    try:
        asked = request_subscription(authority=_chosen(form, free), level=LEVEL, terms=terms, by=actor)
    except SubscriptionExists as refused:
        already = _sent_already(request, actor)  # the other of two clicks was faster
        if already is not None:
            return redirect("request", already.public_id)
        form.add_error(None, sentence_of(refused))
        return _page(request, form, hindered, status=refused.status)
    except DomainError as refused:
        form.add_error(None, sentence_of(refused))
        return _page(request, form, hindered, status=refused.status)
    messages.success(request, _("The request was sent. The region reads it and decides; you follow it here."))
    return redirect("request", asked.public_id)


def _sent_already(request: HttpRequest, actor: Actor) -> Request | None:
    """The open request of this very person for this authority: a second click is no second request."""
    wanted = request.POST.get("authority", "")
    rows = Request.objects.filter(requested_by=actor.user, decision="").select_related("subscription__authority")
    return next((r for r in rows if str(r.subscription.authority.public_id) == wanted), None)
