"""Capacity by site and platform: total, promised, free. From rows; no cloud is asked."""

from itertools import groupby
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.views import words
from elaastic.views.person import regional
from elaastic.views.plans import percent
from provisioning.selectors.capacity import Room, rooms
from provisioning.selectors.region import region
from tenants.views.tables import csv_answer

_RESOURCES: Final = {
    "storage_gib": gettext_lazy("Space"),
    "vcpus": gettext_lazy("Processors"),
    "ram_mib": gettext_lazy("Memory"),
}


@regional
def capacity(request: HttpRequest) -> HttpResponseBase:
    """Bars and the same figures as a table; `?format=csv` for a spreadsheet."""
    names = {site.code: site.name for site in region().sites}
    found = rooms()
    if request.GET.get("format") == "csv":
        head = [_("Site"), _("Platform"), _("Resource"), _("Total"), _("Promised"), _("Free")]
        cells = [[names.get(r.site, r.site), r.platform, r.resource, r.total, r.used, r.free] for r in found]
        return csv_answer("capacita.csv", head, cells)
    # Sites under each other, so that one resource is compared with itself.
    found.sort(key=lambda r: (r.platform, r.resource, names.get(r.site, r.site)))
    groups = [
        {"platform": platform, "resource": str(_RESOURCES[resource]), "rows": [_row(r, names) for r in rows]}
        for (platform, resource), rows in groupby(found, key=lambda r: (r.platform, r.resource))
    ]
    return render(request, "elaastic/capacity.html", {"groups": groups})


def _row(room: Room, names: dict[str, str]) -> dict[str, Any]:
    return {
        "site": names.get(room.site, room.site),
        "platform": room.platform,
        "total": words.amount(room.resource, room.total),
        "used": words.amount(room.resource, room.used),
        "free": words.amount(room.resource, room.free),
        "percent": percent(room.used, room.total),
    }
