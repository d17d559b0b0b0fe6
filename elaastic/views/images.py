"""What the machines of a subscription can start from: all of them, and the images of one."""

from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from elaastic.freshness import Machine, machines_of
from elaastic.models import PointState, RecoveryPoint, Subscription, SumFile
from elaastic.selectors.recovery import images_archive, looks_of, machines, newest_of, points
from elaastic.selectors.sentences import IMAGES
from elaastic.selectors.subscriptions import archives
from elaastic.selectors.uploads import upload_commands
from elaastic.services.collecting import connection_of
from elaastic.views import words
from elaastic.views.person import actor_of, signed_in
from elaastic.views.standing import badge
from elaastic.views.subscriptions import every, in_force, subscription_or_404
from tenants.views.tables import csv_answer

_NEWEST: Final = 200
_BADGES: Final = {
    PointState.USABLE: "mc-good check-circle",
    PointState.REFUSED: "mc-bad close-circle",
    PointState.LOOKING: "mc-info refresh",
}


@signed_in
def images(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Each machine with what it would start from now; where the first image goes; what belongs to no machine."""
    row = subscription_or_404(actor_of(request), public_id)
    agreed = machines(row)
    if not agreed:
        raise Http404
    watched = {one.name: one for one in machines_of([row]).get(row.pk, [])}
    newest = newest_of([row])
    shown = [_machine(one, watched.get(one["name"]), newest.get((row.pk, one["name"]), {})) for one in agreed]
    if request.GET.get("format") == "csv":
        return csv_answer("macchine.csv", _machines_head(), [_machine_cells(one) for one in shown])
    first = next((one["name"] for one in shown if one["newest"] is None), agreed[0]["name"])
    context = {
        "row": row,
        "machines": shown,
        "without": [one["name"] for one in shown if one["newest"] is None],
        "look": looks_of([row]).get(row.pk),
        "commands": _commands(row, first),
        "in_force": in_force(row),
    }
    return render(request, "elaastic/images.html", context)


@signed_in
def machine_images(request: HttpRequest, public_id: UUID, machine: str) -> HttpResponseBase:
    """Every image of one machine, the newest first; why one was refused, and what to do."""
    row = subscription_or_404(actor_of(request), public_id)
    agreed = next((one for one in machines(row) if one["name"] == machine), None)
    found = list(points(row, machine)[:_NEWEST])
    if agreed is None and not found:
        raise Http404
    shown = [_point(one) for one in found]
    if request.GET.get("format") == "csv":
        return csv_answer(f"immagini-{machine}.csv", _points_head(), [_point_cells(one) for one in shown])
    watched = {one.name: one for one in machines_of([row]).get(row.pk, [])}
    context = {
        "row": row,
        "machine": machine,
        "agreed": _machine(agreed, watched.get(machine), newest_of([row]).get((row.pk, machine), {}))
        if agreed
        else None,
        "points": shown,
        "commands": _commands(row, machine) if agreed else [],
        "in_force": in_force(row),
    }
    return render(request, "elaastic/machine_images.html", context)


def _machine(agreed: Any, watched: Machine | None, newest: dict[str, RecoveryPoint]) -> dict[str, Any]:
    usable = newest.get(PointState.USABLE)
    return {
        "name": agreed["name"],
        "every": every(agreed["expected_interval_hours"]),
        "badge": badge(watched.state) if watched else None,
        "newest": _point(usable) if usable else None,
        "refused": watched.refused if watched else None,
        "looking": newest.get(PointState.LOOKING),
    }


def _point(point: RecoveryPoint) -> dict[str, Any]:
    colour, _space, icon = _BADGES[PointState(point.state)].partition(" ")
    word: Any = point.get_state_display()
    if point.gone_at:
        colour, icon, word = "mc-idle", "minus-circle", _("No longer in the archive")
    return {
        "point": point,
        "name": point.key.partition("/")[2],
        "badge": (colour, icon, word),
        "says": _says(point),
        "sum_file": _sum_file(point),
        "size": words.size(point.size),
        "virtual": words.size(point.virtual_bytes) if point.virtual_bytes else "",
    }


def _says(point: RecoveryPoint) -> str:
    """Why it was refused and what to do, or what it waits for; "" when there is nothing to say."""
    if point.gone_at:
        return _("It was deleted, or its time in the archive is over: nothing starts from it any more.")
    if point.state == PointState.REFUSED:
        return str(IMAGES.get(point.reason, point.reason))
    if point.state == PointState.LOOKING and point.unreadable:
        return _("The portal could not read it so far. It tries again by itself; nothing is to be done.")
    if point.state == PointState.LOOKING:
        return _("A worker reads it from end to end: with large images it takes a while. Nothing is to be done.")
    return ""


def _sum_file(point: RecoveryPoint) -> str:
    if point.sum_file == SumFile.MATCHES:
        return _("The file of sums beside it says the same.")
    if point.sum_file == SumFile.DIFFERS:
        return _("The file of sums beside it says another SHA-256: one is of another export. Upload both again.")
    return ""


def _commands(row: Subscription, machine: str) -> list[tuple[str, str]]:
    """Where an image goes, as lines to paste; [] until the archive stands."""
    wanted = f"archive-{images_archive(row)}"
    buckets = [str(a.outputs["bucket"]) for a in archives(row) if a.name == wanted and a.outputs.get("bucket")]
    return upload_commands(connection_of(row).endpoint, buckets[0], machine) if buckets else []


def _machines_head() -> list[str]:
    first = [_("Machine"), _("State"), _("An image is expected"), _("Newest usable"), _("Format")]
    return [*first, _("Bytes"), "SHA-256"]


def _machine_cells(one: dict[str, Any]) -> list[Any]:
    newest = one["newest"]["point"] if one["newest"] else None
    state = one["badge"][2] if one["badge"] else ""
    found = [newest.arrived_at.isoformat(), newest.form, newest.size, newest.sha256] if newest else ["", "", "", ""]
    return [one["name"], state, one["every"], *found]


def _points_head() -> list[str]:
    first = [_("File"), _("Arrived"), _("State"), _("Reason"), _("What it means"), _("Bytes"), _("Format")]
    return [*first, _("Bytes that the machine sees"), "SHA-256", "SHA-512", _("File of sums"), _("Gone since")]


def _point_cells(one: dict[str, Any]) -> list[Any]:
    p: RecoveryPoint = one["point"]
    return [
        p.key, p.arrived_at.isoformat(), one["badge"][2], p.reason, one["says"], p.size, p.form, p.virtual_bytes,
        p.sha256, p.sha512, p.get_sum_file_display() if p.sum_file else "",
        p.gone_at.isoformat() if p.gone_at else "",
    ]  # fmt: skip
