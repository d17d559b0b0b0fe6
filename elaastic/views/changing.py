"""Other terms for a subscription that stands: the form, the comparison, and one request however often sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from elaastic.forms import UnderstoodForm, typed
from elaastic.forms_changing import ChangeForm, initial_of
from elaastic.forms_machines import CHANGE_FORMS, focus_of, machines_initial, typed_machines
from elaastic.levels import LEVELS
from elaastic.models import Draft, Request, RequestKind, Subscription
from elaastic.models.errors import LevelUnavailable, RequestOpen
from elaastic.permissions import may_ask
from elaastic.services.asking import check_terms
from elaastic.services.changing import change_terms, check_change
from elaastic.services.drafting import draft_of, drop_draft, keep_draft
from elaastic.views.asking import ROW_STEPS, has_form, kept_rows, rows_of, worth_keeping
from elaastic.views.choosing import monthly
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.subscriptions import subscription_or_404
from elaastic.views.terms_words import terms_facts
from tenants.models import Actor
from tenants.models.errors import DomainError, Invalid

# The archive that a step up adds for the images, and how often one is expected in it.
IMAGES: Final = "images"
_WEEK: Final = 168


@dataclass(frozen=True)
class _Wanted:
    """Other terms for a subscription, on its own level or on the one to which it steps up."""

    row: Subscription
    level: int

    @property
    def steps_up(self) -> bool:
        """The level is another one."""
        return self.level != self.row.level

    @property
    def draft(self) -> str:
        """Under what name half a form is kept."""
        return f"{'step-up' if self.steps_up else 'change'}-{self.row.public_id}"

    @property
    def here(self) -> str:
        """The page's own address."""
        if self.steps_up:
            return reverse("step_up", args=[self.row.public_id, self.level])
        return reverse("change", args=[self.row.public_id])

    def form(self, *data: Any, rows: int, **kwargs: Any) -> ChangeForm:
        """The level's form over the terms in force."""
        return CHANGE_FORMS[self.level](*data, current=self.row.terms, rows=rows, **kwargs)

    def fresh(self) -> ChangeForm:
        """The terms in force; at a step up with an archive for the images beside."""
        terms = dict(self.row.terms)
        if self.steps_up:
            terms = {**LEVELS[self.level].defaults, **terms, "machines": (), "images_in": IMAGES}
            names = {archive["name"] for archive in terms["archives"]}
            more = [] if IMAGES in names else [{"name": IMAGES, "expected_interval_hours": _WEEK}]
            terms["archives"] = [*terms["archives"], *more]
        initial = initial_of(terms) | (machines_initial(terms) if self.level > 1 else {})
        return self.form(rows=len(terms["archives"]), initial=initial)

    def grown(self, data: Mapping[str, Any], step: str) -> ChangeForm:
        """The page as it was typed, one archive or machine more or less."""
        kept = kept_rows(data, step)
        rows = len(kept) + 1 if step == "add" else len(kept)
        return self.form(rows=rows, initial={**typed(data, kept), **typed_machines(data, step), "rows": rows})


@signed_in
def change(request: HttpRequest, public_id: UUID, level: int = 0) -> HttpResponseBase:
    """GET: the terms in force. POST: its button says what is meant (`step`); only `send` stores anything. `level`:
    the one to which it shall step up.
    """
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    if not may_ask(actor, row):
        raise PermissionDenied
    sent = _sent_already(row, actor)
    if sent is not None:
        return redirect("request", sent.public_id)
    if level and (level <= row.level or not has_form(level)):
        messages.warning(request, str(LevelUnavailable.title))
        return redirect("subscription", public_id)
    wanted = _Wanted(row, level or row.level)
    if request.method != "POST":
        draft = draft_of(form=wanted.draft, by=actor)
        return _page(request, wanted, wanted.grown(draft.typed, "edit") if draft else wanted.fresh(), draft=draft)
    step = request.POST.get("step", "check")
    if step == "forget":
        drop_draft(form=wanted.draft, by=actor)
        return redirect(wanted.here)
    if step != "send":
        keep_draft(form=wanted.draft, typed=worth_keeping(request.POST), by=actor)
    if step in ROW_STEPS or step.startswith("remove-"):
        form = wanted.grown(request.POST, step)
        return _page(request, wanted, form, focus=focus_of(step, request.POST, form.archives))
    form, terms = _read(request, wanted)
    if terms is None:
        return _page(request, wanted, form, status=400)
    if step != "send":
        return _summary(request, wanted, form, terms, UnderstoodForm())
    return _send(request, actor, wanted, form, terms)


def _sent_already(row: Subscription, actor: Actor) -> Request | None:
    """A second click is no second request."""
    mine = Request.objects.filter(subscription=row, decision="", kind=RequestKind.CHANGE)
    return mine.filter(requested_by=actor.user).first()


def _page(
    request: HttpRequest,
    wanted: _Wanted,
    form: ChangeForm,
    *,
    focus: str = "",
    draft: Draft | None = None,
    status: int = 200,
) -> HttpResponse:
    if focus in form.fields:
        form.fields[focus].widget.attrs["autofocus"] = True
    row = wanted.row
    context = {"form": form, "row": row, "problem": _hindrance(row), "steps": _steps(), "draft": draft}
    context |= {"wanted": wanted, "level_name": _(LEVELS[wanted.level].name)}
    return render(request, "elaastic/change.html", context, status=status)


def _steps() -> list[str]:
    return [_("What you need"), _("Check and send")]


def _hindrance(row: Subscription) -> str:
    try:
        check_change(row)
    except DomainError as refused:
        return sentence_of(refused)
    return ""


def _read(request: HttpRequest, wanted: _Wanted) -> tuple[ChangeForm, dict[str, Any] | None]:
    """The bound form, and the terms when everything is in order."""
    form = wanted.form(request.POST, rows=rows_of(request.POST))
    readable = form.is_valid()
    try:
        terms = check_terms(wanted.level, form.terms())
        check_change(wanted.row, terms, wanted.level)
    except Invalid as refused:
        form.accept_faults(refused)
        return form, None
    except DomainError as refused:
        form.add_error(None, sentence_of(refused))
        return form, None
    return form, terms if readable else None


def _summary(
    request: HttpRequest,
    wanted: _Wanted,
    form: ChangeForm,
    terms: dict[str, Any],
    understood: UnderstoodForm,
    status: int = 200,
) -> HttpResponse:
    row = wanted.row
    before = dict(terms_facts(row.terms))
    context = {
        "row": row,
        "wanted": wanted,
        "facts": [
            *(_level_fact(wanted) if wanted.steps_up else ()),
            *((name, before.get(name, ""), after) for name, after in terms_facts(terms)),
            (_("Price a month"), _price(row.level, row.terms), _price(wanted.level, terms)),
        ],
        "dropped": sorted(form.known.keys() - {a["name"] for a in terms["archives"]}),
        "forever": form.newly_absolute,
        "understood": understood,
        "hidden": list(worth_keeping(request.POST).items()),
        "steps": _steps(),
    }
    return render(request, "elaastic/change_summary.html", context, status=status)


def _price(level: int, terms: Mapping[str, Any]) -> str:
    return monthly(level, terms) or _("No price yet")


def _level_fact(wanted: _Wanted) -> list[tuple[str, str, str]]:
    before, after = (f"{n} – {_(LEVELS[n].name)}" for n in (wanted.row.level, wanted.level))
    return [(_("Level"), before, after)]


def _send(
    request: HttpRequest, actor: Actor, wanted: _Wanted, form: ChangeForm, terms: dict[str, Any]
) -> HttpResponseBase:
    row = wanted.row
    understood = UnderstoodForm(request.POST)
    if form.newly_absolute and not understood.is_valid():
        return _summary(request, wanted, form, terms, understood, 400)
    try:
        asked = change_terms(subscription=row, terms=terms, level=wanted.level, by=actor)
    except RequestOpen as refused:
        sent = _sent_already(row, actor)  # the other of two clicks was faster
        if sent is not None:
            return redirect("request", sent.public_id)
        form.add_error(None, sentence_of(refused))
        return _page(request, wanted, form, status=refused.status)
    except DomainError as refused:
        form.add_error(None, sentence_of(refused))
        return _page(request, wanted, form, status=refused.status)
    drop_draft(form=wanted.draft, by=actor)
    messages.success(request, _("The request was sent. The region reads it and decides; you follow it here."))
    return redirect("request", asked.public_id)
