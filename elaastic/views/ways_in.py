"""Letting somebody in who cannot sign in: the region's two operators, and the page where the halves are typed."""

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from elaastic.forms_ways_in import ConfirmForm, HalvesForm, OpenForm
from elaastic.services import emergency
from elaastic.views.credentials import answer_kept_nowhere, shown_secret
from elaastic.views.person import actor_of, regional, sentence_of
from tenants.models import Actor, LocalAuthority, WayIn, WayInKind
from tenants.models.errors import DomainError
from tenants.permissions import may_let_in
from tenants.services.visitors import visitor
from tenants.services.ways_in import close_way_in, live_ways_in
from tenants.views.confirming import Question
from tenants.views.confirming import confirm as ask_first
from tenants.views.limits import limited
from tenants.views.person import ip_of

_NEWEST = 50
_LIVE = 200
_NAMES = ("authority", "opened_by", "confirmed_by")


@regional
def ways_in(request: HttpRequest) -> HttpResponseBase:
    """Those that are open, and the latest of the others."""
    live = list(live_ways_in().select_related("authority", "opened_by", "confirmed_by").order_by("-pk")[:_LIVE])
    rows = WayIn.objects.exclude(pk__in=[w.pk for w in live]).select_related(
        "authority", "opened_by", "confirmed_by"
    )
    context = {"live": live, "others": rows.order_by("-pk")[:_NEWEST], "lets_in": may_let_in(actor_of(request))}
    return render(request, "elaastic/ways_in.html", context)


@regional
def way_in_open(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The first of two operators."""
    authority = LocalAuthority.objects.filter(public_id=public_id).first()
    if authority is None:
        raise Http404
    answer: HttpResponseBase = _open(request, _who_lets_in(request), authority)
    return answer


@reauthentication_required
def _open(request: HttpRequest, actor: Actor, authority: LocalAuthority) -> HttpResponse:
    form, status = OpenForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                opened = emergency.open_(authority=authority, by=actor, **form.cleaned_data)
            except DomainError as refused:
                form.add_faults(refused.errors, refused.detail)
                status = refused.status
            else:
                context = {"row": opened.row, "half": opened.half, "first": True, "hindrance": ""}
                return answer_kept_nowhere(request, "elaastic/way_in_half.html", context, 200)
    return answer_kept_nowhere(request, "elaastic/way_in_open.html", {"authority": authority, "form": form}, status)


@regional
def way_in(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """What the first operator wrote; the second confirms."""
    answer: HttpResponseBase = _confirm(request, _who_lets_in(request), _row(public_id))
    return answer


@reauthentication_required
def _confirm(request: HttpRequest, actor: Actor, row: WayIn) -> HttpResponse:
    form, status = ConfirmForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                done = emergency.confirm(way_in=row, identified=form.cleaned_data["identified"], by=actor)
            except DomainError as refused:
                form.add_faults(refused.errors, refused.detail)
                status = refused.status
            else:
                shown = {
                    "row": row, "half": done.opened.half, "first": False, "hindrance": done.hindrance,
                    "waits_for": done.waits_for,
                }  # fmt: skip
                return answer_kept_nowhere(request, "elaastic/way_in_half.html", shown, 200)
    context = {
        "row": row,
        "form": form,
        "live": live_ways_in().filter(pk=row.pk).exists(),
        "mine": row.opened_by_id == actor.user.pk,
        "emergency": row.kind == WayInKind.EMERGENCY,
    }
    return answer_kept_nowhere(request, "elaastic/way_in.html", context, status)


@regional
def way_in_close(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Nobody is let in by it."""
    actor, row = _who_lets_in(request), _row(public_id)
    question = Question(
        title=gettext_lazy("Close the way in"),
        lead=f"{row.authority.name}: {row.person_name}",
        consequence=gettext_lazy("Nobody is let in by it any more; the halves of the code are worth nothing."),
        label=gettext_lazy("Close the way in now"),
        done=gettext_lazy("The way in is closed."),
        back=reverse("ways_in"),
    )
    return ask_first(request, question, lambda: close_way_in(way_in=row, by=actor))


@limited("emergency")
def emergency_page(request: HttpRequest) -> HttpResponseBase:
    """For somebody who has nothing but a telephone: both halves in, the restore key out, once."""
    form = HalvesForm(request.POST or None)
    if request.method != "POST":
        return answer_kept_nowhere(request, "elaastic/emergency.html", {"form": form}, 200)
    if not form.is_valid():
        return answer_kept_nowhere(request, "elaastic/emergency.html", {"form": form}, 400)
    try:
        shown = emergency.collect(by=visitor(ip=ip_of(request)), **form.cleaned_data)
    except DomainError as refused:
        if refused.errors:
            form.add_faults(refused.errors)
        context: dict[str, Any] = {"form": form, "problem": "" if refused.errors else sentence_of(refused)}
        return answer_kept_nowhere(request, "elaastic/emergency.html", context, refused.status)
    return answer_kept_nowhere(request, "elaastic/emergency_shown.html", shown_secret(shown), 200)


def _who_lets_in(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not may_let_in(actor):
        raise PermissionDenied
    return actor


def _row(public_id: UUID) -> WayIn:
    rows = WayIn.objects.select_related(*_NAMES)
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
