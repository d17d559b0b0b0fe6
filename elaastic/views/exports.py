"""What of the machines that stand came home: told on the failover's page, and on the one that ends it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elaastic.levels import Mode
from elaastic.models import ExportState, Failover, PointState, Subscription
from elaastic.permissions import may_ask
from elaastic.selectors.exports import ExportView, Home, came_home, exports_of, views
from elaastic.selectors.failovers import failovers_of
from elaastic.selectors.recovery import images_archive
from elaastic.services import exporting
from elaastic.views import export_words, words
from elaastic.views.drill_words import duration
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.subscriptions import subscription_or_404
from provisioning.domain.findings import Found
from tenants.models import Actor
from tenants.models.errors import DomainError


@dataclass(frozen=True)
class HomeRow:
    """One machine. `word`, `tone`, `icon`: how far the newest export is with it, "" without one; `why` it was left
    out. `at`: when it last came home, None if never; then size, sum and time it took, the name of the image, and
    what the archive says of it.
    """

    name: str
    word: str = ""
    tone: str = ""
    icon: str = ""
    why: str = ""
    at: Any = None
    size: str = ""
    sha512: str = ""
    seconds: str = ""
    image: str = ""
    point: str = ""


@signed_in
@require_POST
def export_begin(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Bring home what is on the disks now."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    if not may_ask(actor, row):
        raise PermissionDenied
    try:
        exporting.begin_export(subscription=row, by=actor)
        messages.success(request, _("The export has begun; this page follows it."))
    except DomainError as refused:
        messages.warning(request, sentence_of(refused))
    return redirect("failover", public_id)


@signed_in
@require_POST
def export_stop(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """What came home stays there."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    over = failovers_of(row).first()
    newest = exports_of(over).first() if over else None
    if newest is None:
        raise Http404
    if not may_ask(actor, row):
        raise PermissionDenied
    try:
        exporting.stop_export(export=newest, by=actor)
        messages.info(request, _("The export stops; what has come home stays in the archive."))
    except DomainError as refused:
        messages.warning(request, sentence_of(refused))
    return redirect("failover", public_id)


def shown_exports(actor: Actor, row: Subscription, over: Failover) -> dict[str, Any]:
    """For the failover's page: `export` is the newest, `homes` a HomeRow a machine; empty where nothing stands and
    nothing ever came home.
    """
    seen = views(exports_of(over))
    newest = seen[0] if seen else None
    standing = [one.name for one in Mode.parse(row.mode).failed_over]
    names = standing or sorted({machine.name for one in seen for machine in one.operation.course.machines})
    home = came_home(seen, row)
    running = newest is not None and newest.state in (ExportState.RUNNING, ExportState.CLEANING)
    open_ = newest is not None and newest.state == ExportState.RUNNING
    return {
        "export": newest,
        "homes": [_row(name, newest, home.get(name)) for name in names],
        "export_badge": (*export_words.BADGES[newest.state], newest.state.label) if newest else None,
        "export_now": _now(newest) if newest and running else "",
        "export_elapsed": duration(newest.elapsed_s) if newest else "",
        "export_runs": running,
        "export_begins": bool(standing) and may_ask(actor, row) and not running,
        "export_stops": open_ and may_ask(actor, row),
        "archive": images_archive(row),
    }


def what_goes(row: Subscription) -> list[tuple[str, str, bool]]:
    """Of each machine that stands: its name, what of it came home in words, and whether nothing did."""
    over = failovers_of(row).first()
    names = [one.name for one in Mode.parse(row.mode).failed_over]
    if over is None:
        return []
    home = came_home(views(exports_of(over)), row)
    rows = [_row(name, None, home.get(name)) for name in names]
    return [(one.name, export_words.last(one.at, one.image), one.at is None) for one in rows]


def _now(newest: ExportView) -> str:
    stage = newest.operation.stage
    return str(export_words.STAGES[stage.kind]) if stage else ""


def _row(name: str, newest: ExportView | None, home: Home | None) -> HomeRow:
    told: dict[str, Any] = {}
    if newest is not None and name in {machine.name for machine in newest.operation.course.machines}:
        found = newest.found(name)
        word, tone, icon = export_words.MACHINES[_how_far(newest, found)]
        told = {"word": str(word), "tone": tone, "icon": icon, "why": export_words.why(found.left_out)}
    if home is not None:
        found = home.found
        told |= {
            "at": export_words.moment(found.stored_at),
            "size": words.size(found.bytes),
            "sha512": found.sha512,
            "seconds": duration(home.seconds),
            "image": found.key,
            "point": _point(home),
        }
    return HomeRow(name, **told)


def _how_far(newest: ExportView, found: Found) -> str:
    if found.left_out:
        return "left_out"
    if found.stored_at:
        return "stored"
    if newest.state != ExportState.RUNNING:
        return "not_reached"
    return "brought" if found.brought_at else "taken" if found.taken_at else "asked"


def _point(home: Home) -> str:
    """What the intake says of it."""
    if home.point is None:
        return _("Not listed yet")
    if home.point.gone_at:
        return _("No longer in the archive")
    if home.point.state == PointState.USABLE and home.point.sha512 != home.found.sha512:
        return _("In the archive lie other bytes than were exported: call the region.")
    return str(home.point.get_state_display())
