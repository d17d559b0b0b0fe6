"""Asking for a level: the terms on one page, the summary on the next, and one request however often it is sent."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elaastic.forms import AskForm, UnderstoodForm, typed
from elaastic.forms_machines import ASK_FORMS, focus_of, machines_initial, typed_machines
from elaastic.levels import LEVELS
from elaastic.models import Draft, Request, Subscription
from elaastic.models.errors import LevelUnavailable, SubscriptionExists
from elaastic.selectors.placing import is_offered
from elaastic.services.asking import check_terms, request_subscription
from elaastic.services.drafting import draft_of, drop_draft, keep_draft
from elaastic.views.choosing import ShownEstimate, shown_estimate
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.terms_words import terms_facts
from tenants.models import ACTS_FOR, MAY_ASK, Actor, LocalAuthority
from tenants.models.errors import DomainError, Invalid
from tenants.selectors import my_authorities

DRAFT = "ask"
# Buttons that only change what is on the page; those that remove a row say which.
ROW_STEPS = frozenset({"add", "add-machine", "edit"})
NOT_TYPED = frozenset({"csrfmiddlewaretoken", "step", "understood"})


@signed_in
def ask(request: HttpRequest, level: int = 1) -> HttpResponseBase:
    """GET: the form. POST: its button says what is meant (`step`); only `send` stores anything."""
    if not has_form(level):
        messages.warning(request, str(LevelUnavailable.title))
        return redirect("home")
    actor = actor_of(request)
    free, hindered = candidates(actor)
    if request.method != "POST":
        if not free:
            return render(request, "elaastic/ask_not_now.html", {"hindered": hindered})
        draft = draft_of(form=draft_name(level), by=actor)
        form = _from(draft, free, level) if draft else _fresh(free, level)
        typed_terms = {n: str(v) for n, v in form.initial.items()}
        found = _computed(typed_terms, free, level)
        return _page(request, form, hindered, level, draft=draft, found=found)
    step = request.POST.get("step", "check")
    if step == "forget":
        drop_draft(form=draft_name(level), by=actor)
        return redirect(here(level))
    if step != "send":
        keep_draft(form=draft_name(level), typed=worth_keeping(request.POST), by=actor)
    if step in ROW_STEPS or step.startswith("remove-"):
        form = _with_rows(request.POST, step, free, level)
        return _page(request, form, hindered, level, focus=focus_of(step, request.POST, form.archives))
    if step == "compute":
        form, terms = _read(request.POST, free, level)
        found = _estimate(form, free, terms, level) if terms else None
        return _page(request, form, hindered, level, found=found, status=200 if terms else 400)
    if step == "send":
        return _send(request, actor, free, hindered, level)
    return _check(request, free, hindered, level)


def has_form(level: int) -> bool:
    """It can be asked for on a page, here and today."""
    return level in ASK_FORMS and is_offered(LEVELS[level])


def draft_name(level: int) -> str:
    """Each level's form is kept for itself."""
    return DRAFT if level == 1 else f"{DRAFT}-{level}"


def here(level: int, name: str = "ask") -> str:
    """The address of a level's form, or of its estimate."""
    return reverse(name) if level == 1 else reverse(f"{name}_level", args=[level])


@signed_in
@require_POST
def ask_estimate(request: HttpRequest, level: int = 1) -> HttpResponseBase:
    """The estimate alone, for the page that asks for it while one types; what was typed is kept as a draft."""
    actor = actor_of(request)
    free, _hindered = candidates(actor)
    if not free or not has_form(level):
        raise PermissionDenied
    keep_draft(form=draft_name(level), typed=worth_keeping(request.POST), by=actor)
    return render(request, "elaastic/_estimate.html", {"estimate": _computed(request.POST, free, level)})


def _computed(data: Mapping[str, Any], free: list[LocalAuthority], level: int) -> ShownEstimate | None:
    """The estimate of what stands in the fields, or None while something is missing or wrong."""
    form, terms = _read(data, free, level)
    return _estimate(form, free, terms, level) if terms else None


def _estimate(form: AskForm, free: list[LocalAuthority], terms: dict[str, Any], level: int) -> ShownEstimate:
    return shown_estimate(level, terms, _chosen(form, free), form.cleaned_data.get("uplink_mbit"))


def worth_keeping(data: QueryDict) -> dict[str, str]:
    """What was typed, without what the buttons and the frame add."""
    return {name: str(value) for name, value in data.items() if name not in NOT_TYPED}


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


def _fresh(free: list[LocalAuthority], level: int) -> AskForm:
    defaults = dict(LEVELS[level].defaults)
    archives = defaults["archives"]
    initial = {**{n: v for n, v in defaults.items() if n != "archives"}, "rows": len(archives)}
    for index, archive in enumerate(archives):
        initial[f"archive-{index}-name"] = archive["name"]
        initial[f"archive-{index}-interval"] = archive["expected_interval_hours"]
    if level > 1:
        initial |= machines_initial({**defaults, "machines": ()})
    return ASK_FORMS[level](authorities=free, rows=len(archives), initial=initial)


def _from(draft: Draft, free: list[LocalAuthority], level: int) -> AskForm:
    rows = rows_of(draft.typed)
    kept = {**typed(draft.typed, list(range(rows))), **typed_machines(draft.typed), "rows": rows}
    return ASK_FORMS[level](authorities=free, rows=rows, initial=kept)


def rows_of(data: Mapping[str, Any]) -> int:
    """How many archives are on the page, as the page says."""
    asked = str(data.get("rows", "1"))
    return int(asked) if asked.isdecimal() and len(asked) < 4 else 1


def _with_rows(data: QueryDict, step: str, free: list[LocalAuthority], level: int) -> AskForm:
    """The page as it was typed, one archive or machine more or less; nothing is judged yet."""
    kept = kept_rows(data, step)
    rows = len(kept) + 1 if step == "add" else len(kept)
    initial = {**typed(data, kept), **typed_machines(data, step), "rows": rows}
    return ASK_FORMS[level](authorities=free, rows=rows, initial=initial)


def kept_rows(data: Mapping[str, Any], step: str) -> list[int]:
    """The archives that stay on the page; one stays always."""
    kept = list(range(rows_of(data)))
    return [i for i in kept if f"remove-{i}" != step] or [0]


def _page(
    request: HttpRequest,
    form: AskForm,
    hindered: list[dict[str, Any]],
    level: int,
    *,
    focus: str = "",
    draft: Draft | None = None,
    found: ShownEstimate | None = None,
    status: int = 200,
) -> HttpResponse:
    if focus in form.fields:
        form.fields[focus].widget.attrs["autofocus"] = True
    context = {"form": form, "hindered": hindered, "steps": _steps(), "draft": draft, "estimate": found}
    context |= {"level": level, "here": here(level), "estimate_at": here(level, "ask_estimate")}
    return render(request, "elaastic/ask.html", context, status=status)


def _steps() -> list[str]:
    return [_("What you need"), _("Check and send")]


def _read(data: Mapping[str, Any], free: list[LocalAuthority], level: int) -> tuple[AskForm, dict[str, Any] | None]:
    """The bound form, and the terms when everything is in order."""
    form = ASK_FORMS[level](data, authorities=free, rows=rows_of(data))
    readable = form.is_valid()
    try:
        terms = check_terms(level, form.terms())
    except Invalid as refused:
        form.accept_faults(refused)
        return form, None
    return form, terms if readable else None


def _check(
    request: HttpRequest, free: list[LocalAuthority], hindered: list[dict[str, Any]], level: int
) -> HttpResponse:
    form, terms = _read(request.POST, free, level)
    if terms is None:
        return _page(request, form, hindered, level, status=400)
    return _summary(request, form, terms, free, UnderstoodForm(), level)


def _summary(
    request: HttpRequest,
    form: AskForm,
    terms: dict[str, Any],
    free: list[LocalAuthority],
    understood: UnderstoodForm,
    level: int,
    status: int = 200,
) -> HttpResponse:
    authority = _chosen(form, free)
    context = {
        "authority": authority,
        "facts": terms_facts(terms),
        "forever": terms["immutability"] == "compliance",
        "understood": understood,
        "hidden": list(worth_keeping(request.POST).items()),
        "estimate": _estimate(form, free, terms, level),
        "level": level,
        "here": here(level),
        "steps": _steps(),
    }
    return render(request, "elaastic/ask_summary.html", context, status=status)


def _chosen(form: AskForm, free: list[LocalAuthority]) -> LocalAuthority:
    return next(a for a in free if str(a.public_id) == form.cleaned_data["authority"])


def _send(
    request: HttpRequest, actor: Actor, free: list[LocalAuthority], hindered: list[dict[str, Any]], level: int
) -> HttpResponseBase:
    already = _sent_already(request, actor)
    if already is not None:
        return redirect("request", already.public_id)
    if not free:
        return render(request, "elaastic/ask_not_now.html", {"hindered": hindered}, status=409)
    form, terms = _read(request.POST, free, level)
    if terms is None:
        return _page(request, form, hindered, level, status=400)
    understood = UnderstoodForm(request.POST)
    if terms["immutability"] == "compliance" and not understood.is_valid():
        return _summary(request, form, terms, free, understood, level, 400)
    try:
        asked = request_subscription(authority=_chosen(form, free), level=level, terms=terms, by=actor)
    except SubscriptionExists as refused:
        already = _sent_already(request, actor)  # the other of two clicks was faster
        if already is not None:
            return redirect("request", already.public_id)
        form.add_error(None, sentence_of(refused))
        return _page(request, form, hindered, level, status=refused.status)
    except DomainError as refused:
        form.add_error(None, sentence_of(refused))
        return _page(request, form, hindered, level, status=refused.status)
    drop_draft(form=draft_name(level), by=actor)
    messages.success(request, _("The request was sent. The region reads it and decides; you follow it here."))
    return redirect("request", asked.public_id)


def _sent_already(request: HttpRequest, actor: Actor) -> Request | None:
    """The open request of this very person for this authority: a second click is no second request."""
    wanted = request.POST.get("authority", "")
    rows = Request.objects.filter(requested_by=actor.user, decision="").select_related("subscription__authority")
    return next((r for r in rows if str(r.subscription.authority.public_id) == wanted), None)
