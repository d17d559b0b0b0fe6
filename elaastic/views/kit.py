"""The kit to print: how to come back when nothing is left but paper. It holds recovery codes: it asks for proof."""

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from elaastic.models import Subscription
from elaastic.permissions import may_collect
from elaastic.selectors.configs import TOOLS, tools_for
from elaastic.selectors.subscriptions import credentials
from elaastic.services.collecting import connection_of
from elaastic.services.keys import RESTORE
from elaastic.views.credentials import answer_kept_nowhere
from elaastic.views.person import actor_of, signed_in
from elaastic.views.subscriptions import TOOL_NAMES, subscription_or_404
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.services import audit

# Both restore on any machine; what was copied with another program is restored with it and with the same key.
_PRINTED = ("restic", "rclone")


@signed_in
def kit(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """GET: what it is for. POST: the kit, and one line in the trail."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    if not may_collect(actor, row):
        raise PermissionDenied
    answer: HttpResponseBase = _after_proof(request, actor, row)
    return answer


@reauthentication_required
def _after_proof(request: HttpRequest, actor: Actor, row: Subscription) -> HttpResponse:
    if request.method != "POST":
        return answer_kept_nowhere(request, "elaastic/kit_confirm.html", {"row": row}, 200)
    with transaction.atomic():
        audit.record(
            by=actor, action="kit.printed", subject_type="subscription", subject_id=row.public_id,
            authority=row.authority,
        )  # fmt: skip
    return answer_kept_nowhere(request, "elaastic/kit.html", _kit(actor, row), 200)


def _kit(actor: Actor, row: Subscription) -> dict[str, Any]:
    found = next((c for c in credentials(row) if c.name == RESTORE and c.ready), None)
    connection = connection_of(row)
    access = connection.access(RESTORE, found.access_key if found else "…")
    printed = [tool for tool in _PRINTED if tool in tools_for(access)] if connection.buckets else []
    files = [(TOOL_NAMES.get(tool, tool), TOOLS[tool](access)) for tool in printed]
    return {"row": row, "access": access, "files": files, "codes": _codes(actor), **_today()}


def _today() -> dict[str, Any]:
    return {"portal": settings.BASE_URL, "printed": now()}


def _codes(actor: Actor) -> list[str]:
    """The reader's own unused recovery codes; none without a second factor."""
    kept = Authenticator.objects.filter(user=actor.user, type=Authenticator.Type.RECOVERY_CODES).first()
    return list(RecoveryCodes(kept).get_unused_codes()) if kept else []
