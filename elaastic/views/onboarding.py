"""Many authorities at once: a sheet is read, shown as what would become of each row, and only then carried out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from elaastic.forms_onboarding import MOST_BYTES, SheetForm
from elaastic.services.onboarding import MOST, Outcome, Wanted, onboard
from elaastic.sheets import COLUMNS, MANDATORY, SPACE, Line, read_sheet
from elaastic.views.person import actor_of, regional
from tenants.models.errors import DomainError, Invalid
from tenants.permissions import may_verify
from tenants.views.limits import takes_bytes

_OPTIONAL: Final = [name for name in COLUMNS if name not in MANDATORY and name != SPACE]


@dataclass(frozen=True)
class Result:
    """One row; `faults`: column (or '') and sentence."""

    line: Line
    outcome: Outcome
    faults: list[tuple[str, str]]


# Twice what the sheet may have, so that one that is a little too large is told so beside its field.
@takes_bytes(2 * MOST_BYTES)
@regional
def onboarding(request: HttpRequest) -> HttpResponseBase:
    """GET: which columns. POST: what would become of each row; with `step=send`: what became of it."""
    actor = actor_of(request)
    if not may_verify(actor):
        raise PermissionDenied
    if request.method != "POST":
        return _form(request, SheetForm())
    form = SheetForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form, status=400)
    try:
        lines = read_sheet(form.cleaned_data["text"], most=MOST)
    except Invalid as refusal:
        _say(form, refusal)
        return _form(request, form, status=400)
    done = request.POST.get("step") == "send"
    found = onboard([_wanted(line) for line in lines], by=actor, only_look=not done)
    results = [Result(line, o, _faults(o.refusal)) for line, o in zip(lines, found, strict=True)]
    context = {
        "results": results,
        "done": done,
        "text": form.cleaned_data["text"],
        "space_unused": any(line.quota_gib for line in lines),
        **_counts(results),
    }
    return render(request, "elaastic/onboarding_rows.html", context)


def _form(request: HttpRequest, form: SheetForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "mandatory": MANDATORY, "optional": _OPTIONAL, "most": MOST}
    return render(request, "elaastic/onboarding.html", context, status=status)


def _say(form: SheetForm, refusal: Invalid) -> None:
    form.add_error("sheet", str(refusal.detail))
    for column, sentences in refusal.errors.items():
        for sentence in sentences:
            form.add_error("sheet", f"{column}: {sentence}")


def _wanted(line: Line) -> Wanted | DomainError:
    """Only to register: nobody at the region asks in a town's name; the service account does, by the API."""
    if line.details is None:
        return Invalid(errors=line.faults)
    return Wanted(line.details)


def _faults(refusal: DomainError | None) -> list[tuple[str, str]]:
    if refusal is None:
        return []
    told = [(column, str(sentence)) for column, said in refusal.errors.items() for sentence in said]
    return told or [("", str(refusal.detail))]


def _counts(results: Iterable[Result]) -> dict[str, int]:
    counts = {"registered": 0, "known": 0, "refused": 0}
    for one in results:
        counts["refused" if one.faults else "registered" if one.outcome.registered else "known"] += 1
    return counts
