"""The first page: what this is, and for whoever is signed in the one thing to do next."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from elaastic.freshness import Watched, watched_of
from elaastic.levels import LEVELS, Level
from elaastic.models import AlertKind, RequestState
from elaastic.selectors.alarms import open_alerts
from elaastic.selectors.failovers import to_be_reviewed
from elaastic.selectors.subscriptions import (
    Overview,
    overviews,
    requests_in_state,
    requests_readable_by,
    subscriptions_readable_by,
)
from elaastic.views.asking import has_form
from elaastic.views.next_step import next_step
from elaastic.views.person import actor_of
from elaastic.views.rows import request_rows, stack_rows
from elaastic.views.standing import badge_of, light_badge
from provisioning.domain.conditions import NEEDS_HUMAN
from provisioning.selectors.capacity import platforms
from provisioning.selectors.stacks import most_urgent
from tenants.models import ACTS_FOR, MAY_ASK, Actor, LocalAuthority
from tenants.permissions import may_decide, may_operate, may_read_region
from tenants.selectors import my_authorities

_FIRST = 5


def home(request: HttpRequest) -> HttpResponse:
    """One page, three readers."""
    if not request.user.is_authenticated:
        return render(request, "elaastic/home.html", {"levels": level_cards()})
    actor = actor_of(request)
    if may_read_region(actor):
        return render(request, "elaastic/home_region.html", _region(actor))
    return render(request, "elaastic/home_authority.html", {"levels": level_cards(), **_authority(actor)})


def level_cards() -> list[dict[str, Any]]:
    """The four levels in the reader's language."""
    return [_card(level) for level in LEVELS.values()]


def _card(level: Level) -> dict[str, Any]:
    return {
        "number": level.number,
        "name": _(level.name),
        "summary": _(level.summary),
        "promises": [_(promise) for promise in level.promises],
        "available": has_form(level.number),
    }


def _authority(actor: Actor) -> dict[str, Any]:
    mine = list(my_authorities(actor))
    live = [s for s in subscriptions_readable_by(actor) if s.closed_at is None and s.ended_at is None]
    seen = {o.subscription.authority_id: o for o in overviews(live)}
    watched = watched_of(live)
    found = [_own(a, seen.get(a.pk), watched, actor) for a in mine]
    return {
        "mine": found,
        "ask": any(one["acts"] and one["seen"] is None and one["authority"].state in MAY_ASK for one in found),
        "acts": any(role in ACTS_FOR for role in actor.user.roles_by_authority.values()),
    }


def _own(
    authority: LocalAuthority, seen: Overview | None, watched: dict[int, list[Watched]], actor: Actor
) -> dict[str, Any]:
    acts = actor.user.roles_by_authority.get(authority.pk) in ACTS_FOR
    if seen is None:
        return {"authority": authority, "acts": acts, "seen": None}
    step = next_step(seen, watched.get(seen.subscription.pk, ()), may_act=acts)
    archives = watched.get(seen.subscription.pk)
    light = light_badge(archives, seen.drill) if archives else None
    said = {"step": step, "badge": badge_of(seen), "light": light}
    return {"authority": authority, "acts": acts, "seen": seen, **said}


def _region(actor: Actor) -> dict[str, Any]:
    waiting = requests_in_state(requests_readable_by(actor), RequestState.AWAITING_DECISION).order_by("created_at")
    alerts = open_alerts()
    stuck, stuck_count = most_urgent(sorted(NEEDS_HUMAN), limit=_FIRST)
    return {
        "waiting": request_rows(waiting[:_FIRST]),
        "waiting_count": waiting.count(),
        "stuck": stack_rows(stuck),
        "stuck_count": stuck_count,
        "alerts": alerts[:_FIRST],
        "late_count": sum(1 for a in alerts if a.kind in (AlertKind.LATE, AlertKind.IMAGE_LATE)),
        "full_count": sum(1 for a in alerts if a.kind == AlertKind.FULL),
        "damaged_count": sum(1 for a in alerts if a.kind == AlertKind.DAMAGED),
        "platforms": platforms(),
        "unverified_count": LocalAuthority.objects.filter(state="pending").count(),
        "reviews": list(to_be_reviewed()[:_FIRST]) if may_decide(actor) else [],
        "decides": may_decide(actor),
        "operates": may_operate(actor),
    }
