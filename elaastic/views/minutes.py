"""The minutes of a drill on paper: an accessible PDF (PDF/UA-1), in the reader's language.

It is drawn by a worker, never in a web request: WeasyPrint and Pango take a second to load, and as long to draw.
"""

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language

from elaastic.models import Drill, DrillMinutes, DrillState, Verification, VerificationKind
from elaastic.selectors.drills import DrillView, minutes_of, view
from elaastic.views.drills import drill_or_404, machine_row, measured, why
from elaastic.views.person import actor_of, signed_in
from elaastic.views.standing import badge
from provisioning.domain.course import PEOPLE

_HOUR: Final = 3600


class CannotDraw(Exception):
    """Pango is not installed on this machine."""


@signed_in
def drill_minutes(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The file in the reader's language."""
    drill = drill_or_404(actor_of(request), public_id)
    found = minutes_of([drill]).filter(language=get_language() or "it").first()
    if found is None:
        raise Http404
    return answer_minutes(found)


def answer_minutes(found: DrillMinutes) -> HttpResponse:
    """As a file to keep."""
    disposition = f'attachment; filename="{found.filename}"'
    return HttpResponse(
        bytes(found.pdf), content_type="application/pdf", headers={"Content-Disposition": disposition}
    )


def draw(drill: Drill, language: str) -> bytes:
    """The PDF. Raises CannotDraw."""
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:  # a library of the system that lacks
        raise CannotDraw(str(error)) from error
    with translation.override(language):
        text = render_to_string("elaastic/minutes.html", {**_told(view(drill)), "language": language})
    pdf: bytes = HTML(string=text, url_fetcher=_nothing).write_pdf(pdf_variant="pdf/ua-1")
    return pdf


def _nothing(url: str, *_: Any, **__: Any) -> Any:
    """Everything is in the text: a console cannot make the portal fetch something."""
    raise ValueError(url)


def _told(seen: DrillView) -> dict[str, Any]:
    drill, operation = seen.drill, seen.operation
    terms = drill.subscription.terms
    return {
        "drill": drill,
        "row": drill.subscription,
        "seen": seen,
        "result": badge(seen.state)[2],
        "why": why(seen),
        "bad": seen.state == DrillState.BACKUP_BAD,
        "machines": [machine_row(seen, machine) for machine in operation.course.machines],
        "tasks": _tasks(seen),
        "rto_kept": _kept(seen.rto_s, terms.get("rto_hours")),
        "rpo_kept": _kept(seen.rpo_s, terms.get("rpo_hours")) if seen.is_of_newest else None,
        "proofs": _proofs(drill),
        "proofs_url": f"{settings.BASE_URL}{reverse('verifications')}?subscription={drill.subscription.public_id}",
        "url": f"{settings.BASE_URL}{reverse('drill', args=[drill.public_id])}",
        **measured(seen),
    }


def _kept(seconds: int | None, hours: int | None) -> bool | None:
    """Measured against wanted; None where one of them is not known."""
    return None if seconds is None or hours is None else seconds <= hours * _HOUR


def _tasks(seen: DrillView) -> list[tuple[str, str]]:
    """(what people were asked for, who did it)."""
    steps = enumerate(seen.operation.course.steps)
    done = seen.operation.found.done
    return [(step.text, done.get(str(n), {}).get("by", "")) for n, step in steps if step.kind == PEOPLE]


def _proofs(drill: Drill) -> list[Verification]:
    """Its lines in the ledger, each with its number and its hash."""
    mine = drill.subscription.verifications.filter(kind=VerificationKind.BOOTED)
    return list(mine.filter(evidence__drill=str(drill.public_id)).order_by("number"))
