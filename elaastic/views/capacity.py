"""Capacity by site and platform: total, promised, free. From rows; no cloud is asked."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from elaastic.views import words
from elaastic.views.person import regional
from elaastic.views.plans import percent
from provisioning.selectors.capacity import Room, rooms
from provisioning.selectors.region import region
from tenants.views.tables import csv_answer


@regional
def capacity(request: HttpRequest) -> HttpResponseBase:
    """Bars and the same figures as a table; `?format=csv` for a spreadsheet."""
    names = {site.code: site.name for site in region().sites}
    found = rooms()
    if request.GET.get("format") == "csv":
        head = [_("Site"), _("Platform"), _("Resource"), _("Total"), _("Promised"), _("Free")]
        cells = [[names.get(r.site, r.site), r.platform, r.resource, r.total, r.used, r.free] for r in found]
        return csv_answer("capacita.csv", head, cells)
    return render(request, "elaastic/capacity.html", {"rows": [_row(r, names) for r in found]})


def _row(room: Room, names: dict[str, str]) -> dict[str, Any]:
    return {
        "site": names.get(room.site, room.site),
        "platform": room.platform,
        "total": words.amount(room.resource, room.total),
        "used": words.amount(room.resource, room.used),
        "free": words.amount(room.resource, room.free),
        "percent": percent(room.used, room.total),
    }
