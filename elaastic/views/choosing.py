"""Before the request: the six questions, the price list, and the estimate beside the form."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from elaastic.forms_choosing import ChooseForm
from elaastic.forms_machines import ASK_FORMS
from elaastic.levels import LEVELS
from elaastic.levels.first_copy import nights
from elaastic.levels.pricing import Line, bill, in_force
from elaastic.selectors.estimates import estimate, prices, prices_today
from elaastic.selectors.placing import is_offered
from elaastic.selectors.sentences import ADVICE, PRICED
from elaastic.selectors.today import today
from elaastic.services.recommending import recommend
from elaastic.views import words
from elaastic.views.machines import room_name
from elaastic.views.person import actor_of
from tenants.models import LocalAuthority
from tenants.usage import ANONYMOUS_CALLS_PER_MINUTE, count_call

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def choose(request: HttpRequest) -> HttpResponse:
    """Six questions; the answer is below them on the same page. For everybody, counted like a call of the API."""
    form = ChooseForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    status = 200
    if request.method == "POST":
        if count_call(f"ip:{request.META.get('REMOTE_ADDR', '')}", limit=ANONYMOUS_CALLS_PER_MINUTE).exhausted:
            return render(request, "429.html", status=429)
        status = 400
        if form.is_valid():
            by = actor_of(request) if request.user.is_authenticated else None
            found, status = recommend(form.cleaned_data, by=by), 200
            level = LEVELS[found.level]
            context["advice"] = {
                "level": {
                    "number": level.number,
                    "name": _(level.name),
                    "available": level.number in ASK_FORMS and is_offered(level),
                },
                "saas": found.saas,
                "reasons": [ADVICE[code] for code in found.reasons],
            }
    return render(request, "elaastic/choose.html", context, status=status)


def price_list(request: HttpRequest) -> HttpResponse:
    """What is in force today and what is published for later, by level."""
    rows, day = prices(), today()
    levels = []
    for number, level in LEVELS.items():
        now = in_force(rows, number, day)
        later = [p for p in rows if p.level == number and p.valid_from > day]
        shown = [
            (PRICED[p.item], words.money(p.amount, p.currency, exact=True), p.valid_from)
            for p in [*(now[item] for item in PRICED if item in now), *later]
        ]
        levels.append({"number": number, "name": _(level.name), "prices": shown})
    return render(request, "elaastic/prices.html", {"levels": levels, "day": day})


@dataclass(frozen=True)
class ShownEstimate:
    """An estimate in words. `sites`: (name, free, fits); `total` '' while no price is published."""

    total: str
    lines: tuple[tuple[str, str, str], ...]
    fits: bool
    sites: tuple[tuple[str, str, bool], ...]
    first_copy: str


def shown_estimate(
    level: int, terms: dict[str, Any], authority: LocalAuthority | None, uplink_mbit: int | None
) -> ShownEstimate:
    """Price, room and time for checked terms. From rows."""
    found = estimate(level, terms, authority=authority, uplink_mbit=uplink_mbit)
    return ShownEstimate(
        total=_total(found.bill.total),
        lines=tuple(_line(line) for line in found.bill.lines),
        fits=found.fits,
        sites=tuple(
            (room_name(e.room), words.amount(e.room.resource, max(0, e.room.free)), e.fits) for e in found.effects
        ),
        first_copy=_first_copy(found.data_gib, found.first_copy_s),
    )


def _line(line: Line) -> tuple[str, str, str]:
    each = words.money(line.price.amount, line.price.currency, exact=True)
    what = str(PRICED[line.price.item])
    return what, f"{words.number(line.quantity)} × {each}", words.money(line.amount, line.price.currency)


def monthly(level: int, terms: Mapping[str, Any]) -> str:
    """What these terms cost a month at today's prices, in words; '' while a price is missing. One query."""
    return _total(bill(LEVELS[level].quantities(terms), prices_today(level)).total)


def _total(total: Decimal | None) -> str:
    return "" if total is None else words.money(total)


def _first_copy(data_gib: int, seconds: int | None) -> str:
    if seconds is None:
        return ""
    told = {"data": words.gib(data_gib), "time": _duration(seconds), "nights": nights(seconds)}
    if seconds <= _HOUR:
        return _("The first copy of %(data)s takes about %(time)s.") % told
    return (
        ngettext(
            "The first copy of %(data)s takes about %(time)s on this line, or %(nights)s night if it runs at night "
            "alone. The later ones send only what changed.",
            "The first copy of %(data)s takes about %(time)s on this line, or %(nights)s nights if it runs at "
            "night alone. The later ones send only what changed.",
            nights(seconds),
        )
        % told
    )


def _duration(seconds: int) -> str:
    """About how long, in the unit that one would say."""
    if seconds >= 4 * _DAY:
        return words.days(round(seconds / _DAY))
    if seconds >= 2 * _HOUR:
        return _("%(count)s hours") % {"count": round(seconds / _HOUR)}
    return _("%(count)s minutes") % {"count": max(1, round(seconds / _MINUTE))}
