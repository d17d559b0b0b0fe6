"""The audit trail: auditors and administrators read all of it, an owner that of the own authority."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from tenants.forms import TrailForm
from tenants.models import AuditEvent
from tenants.permissions import may_audit, may_read_some_audit
from tenants.selectors import audit_events_readable_by
from tenants.views.person import actor_of, signed_in
from tenants.views.tables import csv_answer

_PAGE: Final = 50
# A year of a region's acts; more is asked for by dates, or by the API's cursors.
_CSV_ROWS: Final = 10_000


@signed_in
def trail(request: HttpRequest) -> HttpResponseBase:
    """Fifty a page, the newest first; `?format=csv` is what the filters leave, for a spreadsheet."""
    actor = actor_of(request)
    if not may_read_some_audit(actor):
        raise PermissionDenied
    form, whole = TrailForm(request.GET or None), may_audit(actor)
    rows = audit_events_readable_by(actor).order_by("-pk")
    if form.is_bound:
        rows = _narrowed(rows, form.cleaned_data, whole=whole) if form.is_valid() else rows.none()
    if request.GET.get("format") == "csv" and not form.errors:
        return csv_answer("tracciato.csv", _head(), _cells(rows, whole=whole))
    page = Paginator(rows, _PAGE).get_page(request.GET.get("page"))
    shown = [_shown(row, whole=whole) for row in page.object_list]
    kept = request.GET.copy()
    kept.pop("page", None)
    kept.pop("format", None)
    context = {"form": form, "page": page, "rows": shown, "kept": kept.urlencode(), "whole": whole}
    return render(request, "tenants/trail.html", context, status=400 if form.errors else 200)


def _narrowed(rows: QuerySet[AuditEvent], asked: dict[str, Any], *, whole: bool) -> QuerySet[AuditEvent]:
    if words := asked["words"].strip():
        said = Q(action__icontains=words) | Q(subject_id__icontains=words) | Q(actor__full_name__icontains=words)
        rows = rows.filter(said | Q(actor__email__icontains=words) if whole else said)
    if authority := asked["authority"].strip():
        rows = rows.filter(Q(authority__name__icontains=authority) | Q(authority__ipa_code__iexact=authority))
    if asked["since"]:
        rows = rows.filter(at__gte=_midnight(asked["since"]))
    if asked["until"]:
        rows = rows.filter(at__lt=_midnight(asked["until"] + timedelta(days=1)))
    return rows


def _midnight(day: Any) -> datetime:
    return make_aware(datetime.combine(day, time.min))


def _shown(row: AuditEvent, *, whole: bool) -> dict[str, Any]:
    """Addresses and what is personal only to who reads the whole trail, as the API has it."""
    stored = getattr(row, "personal", None)
    personal: dict[str, Any] = stored.data if stored else {}
    after = {**(row.after or {}), **((personal.get("after") or {}) if whole else {})}
    return {
        "at": row.at,
        "action": row.action,
        "person": row.actor.full_name or (row.actor.email if whole else ""),
        "on_behalf_of": personal.get("on_behalf_of", ""),
        "authority": row.authority.name if row.authority else "",
        "thing": f"{row.subject_type} {row.subject_id}",
        "after": ", ".join(f"{name}: {value}" for name, value in sorted(after.items()) if value not in ("", None)),
        "hash": row.hash,
    }


def _head() -> list[str]:
    about = [_("Thing"), _("After"), _("Hash")]
    return [_("When"), _("Act"), _("Person"), _("On behalf of"), _("Authority"), *about]


def _cells(rows: QuerySet[AuditEvent], *, whole: bool) -> Iterator[list[Any]]:
    for row in rows[:_CSV_ROWS].iterator(chunk_size=500):
        shown = _shown(row, whole=whole)
        shown["at"] = row.at.isoformat()
        yield list(shown.values())
