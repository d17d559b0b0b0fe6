"""Leaving with one's data: what is kept where until when, how to take it away, and the paper that it is gone."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.permissions import may_ask
from elaastic.selectors.configs import export_commands
from elaastic.selectors.inventory import Kept, certificate, inventory
from elaastic.services.collecting import connection_of
from elaastic.usage import GIB
from elaastic.views import words
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.subscriptions import in_force, subscription_or_404
from tenants.models.errors import NotFound

WHY: Final[dict[str, words.Text]] = {
    "in_force": gettext_lazy("The agreement is in force. When it ends, for as long again as its terms say."),
    "retention": gettext_lazy("The terms promised it. Then it stays until you ask for its deletion."),
    "restores": gettext_lazy("So that you can take everything away."),
    "proof": gettext_lazy("They prove what was agreed, by whom and when. They hold no copy of your data."),
    "law": gettext_lazy("The law wants acts of administrators to be traceable. It holds no copy of your data."),
}
WHAT: Final[dict[tuple[str, str], words.Text]] = {
    ("key", "restore"): gettext_lazy("Key for restoring"),
    ("record", "requests"): gettext_lazy("Requests and decisions"),
    ("record", "trail"): gettext_lazy("Audit trail"),
}


@signed_in
def leaving(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The inventory, how to take everything away, and in which order one leaves."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    kept = inventory(row)
    buckets = [one.bucket for one in kept if one.bucket]
    context = {
        "row": row,
        "kept": [_shown(one) for one in kept],
        "commands": export_commands(connection_of(row).endpoint, buckets) if buckets else [],
        "may_leave": may_ask(actor, row) and in_force(row),
    }
    return render(request, "elaastic/leaving.html", context)


def _shown(one: Kept) -> dict[str, Any]:
    what = words.resource_title(f"archive-{one.name}") if one.kind == "archive" else WHAT[one.kind, one.name]
    size = "" if one.held_bytes is None else f"{one.held_bytes / GIB:.1f} GiB"
    where = ", ".join(one.where) or _("Database of the portal")
    return {"what": what, "where": where, "size": size, "until": one.until, "why": WHY[one.why]}


@signed_in
def deletion_certificate(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """A page to print. 404 until the deletion was carried out."""
    row = subscription_or_404(actor_of(request), public_id)
    try:
        found = certificate(row)
    except NotFound as absent:
        sentence_of(absent)  # raises the page's 404
        raise
    archives = [(a.name, "" if a.held_bytes is None else f"{a.held_bytes / GIB:.1f} GiB") for a in found.archives]
    context = {"row": row, "certificate": found, "archives": archives, "sites": ", ".join(found.sites)}
    return render(request, "elaastic/certificate.html", context)
