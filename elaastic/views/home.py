"""The first page: what this is, and for whoever is signed in the one thing to do next."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from elaastic.freshness import Archive, archives_of
from elaastic.levels import LEVELS, Level
from elaastic.models import RequestState
from elaastic.selectors.subscriptions import (
    Overview,
    overviews,
    requests_in_state,
    requests_readable_by,
    subscriptions_readable_by,
)
from elaastic.views.person import actor_of
from elaastic.views.rows import request_rows, stack_rows
from elaastic.views.standing import badge, next_step
from provisioning.domain.conditions import NEEDS_HUMAN
from provisioning.selectors.capacity import platforms
from provisioning.selectors.stacks import most_urgent
from tenants.models import ACTS_FOR, Actor, LocalAuthority
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
        "available": level.available,
    }


def _authority(actor: Actor) -> dict[str, Any]:
    mine = list(my_authorities(actor))
    live = [s for s in subscriptions_readable_by(actor) if s.closed_at is None and s.ended_at is None]
    seen = {o.subscription.authority_id: o for o in overviews(live)}
    watched = archives_of(live)
    return {
        "mine": [_own(a, seen.get(a.pk), watched, actor) for a in mine],
        "acts": any(role in ACTS_FOR for role in actor.user.roles_by_authority.values()),
    }


def _own(
    authority: LocalAuthority, seen: Overview | None, watched: dict[int, list[Archive]], actor: Actor
) -> dict[str, Any]:
    acts = actor.user.roles_by_authority.get(authority.pk) in ACTS_FOR
    if seen is None:
        return {"authority": authority, "acts": acts, "seen": None}
    step = next_step(seen, watched.get(seen.subscription.pk, ()), may_act=acts)
    return {"authority": authority, "acts": acts, "seen": seen, "step": step, "badge": badge(seen.state)}


def _region(actor: Actor) -> dict[str, Any]:
    waiting = requests_in_state(requests_readable_by(actor), RequestState.AWAITING_DECISION).order_by("created_at")
    stuck, stuck_count = most_urgent(sorted(NEEDS_HUMAN), limit=_FIRST)
    return {
        "waiting": request_rows(waiting[:_FIRST]),
        "waiting_count": waiting.count(),
        "stuck": stack_rows(stuck),
        "stuck_count": stuck_count,
        "platforms": platforms(),
        "unverified_count": LocalAuthority.objects.filter(state="pending").count(),
        "decides": may_decide(actor),
        "operates": may_operate(actor),
    }
