"""What was proven, over all subscriptions that one may read: a list to narrow, a CSV, and the bundle."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from elaastic.forms_proving import VerificationsForm
from elaastic.models import Verification
from elaastic.permissions import may_read_region
from elaastic.selectors.bundles import BUNDLE, make_bundle
from elaastic.selectors.readings import verifications_readable_by
from elaastic.selectors.subscriptions import subscriptions_readable_by
from elaastic.views.person import actor_of, signed_in
from tenants.views.tables import csv_answer

_PAGE: Final = 50
# Every archive of every authority for half a year; more is in the bundle, or asked for by dates.
_CSV_ROWS: Final = 10_000


@signed_in
def verifications(request: HttpRequest) -> HttpResponseBase:
    """Fifty a page, the newest first; `?format=csv` is what the filters leave, for a spreadsheet."""
    actor = actor_of(request)
    form = VerificationsForm(request.GET or None)
    rows = verifications_readable_by(actor).order_by("-at", "-pk")
    if form.is_bound:
        rows = _narrowed(rows, form.cleaned_data) if form.is_valid() else rows.none()
    if request.GET.get("format") == "csv" and not form.errors:
        return csv_answer("prove.csv", _head(), _cells(rows))
    kept = request.GET.copy()
    kept.pop("page", None)
    kept.pop("format", None)
    page = Paginator(rows, _PAGE).get_page(request.GET.get("page"))
    searches = bool(form.errors or set(form.changed_data) - {"subscription"})
    context = {
        "form": form,
        "page": page,
        "kept": kept.urlencode(),
        "searches": searches,
        "whole": may_read_region(actor),
    }
    return render(request, "elaastic/verifications.html", context, status=400 if form.errors else 200)


@signed_in
def verifications_bundle(request: HttpRequest) -> HttpResponseBase:
    """All that one may read, or one subscription's, to be checked without the portal."""
    rows, form = subscriptions_readable_by(actor_of(request)), VerificationsForm(request.GET or None)
    if form.is_bound and not form.is_valid():
        raise Http404
    if form.is_bound and (one := form.cleaned_data["subscription"]):
        rows = rows.filter(public_id=one)
    return FileResponse(make_bundle(rows), as_attachment=True, filename=BUNDLE, content_type="application/zip")


def _narrowed(rows: QuerySet[Verification], asked: dict[str, Any]) -> QuerySet[Verification]:
    if words := asked["words"].strip():
        authority = Q(subscription__authority__name__icontains=words)
        rows = rows.filter(authority | Q(subscription__authority__ipa_code__iexact=words) | Q(archive=words))
    if asked["kind"]:
        rows = rows.filter(kind=asked["kind"])
    if asked["result"]:
        rows = rows.filter(passed=asked["result"] == "passed")
    if asked["since"]:
        rows = rows.filter(at__gte=_midnight(asked["since"]))
    if asked["until"]:
        rows = rows.filter(at__lt=_midnight(asked["until"] + timedelta(days=1)))
    return rows.filter(subscription__public_id=asked["subscription"]) if asked["subscription"] else rows


def _midnight(day: Any) -> datetime:
    return make_aware(datetime.combine(day, time.min))


def _head() -> list[str]:
    first = [_("When"), _("Authority"), _("IPA code"), _("Archive"), _("Proof"), _("Result")]
    return [*first, _("Person"), _("Seconds"), _("Number"), _("Hash")]


def _cells(rows: QuerySet[Verification]) -> Iterator[list[Any]]:
    for row in rows[:_CSV_ROWS].iterator(chunk_size=500):
        authority = row.subscription.authority
        result = _("Passed") if row.passed else _("Not passed")
        person = row.by.full_name if row.by else ""
        yield [
            row.at.isoformat(), authority.name, authority.ipa_code, row.archive, row.get_kind_display(), result,
            person, row.seconds, row.number, row.hash,
        ]  # fmt: skip
