"""The list of subscriptions and the page of one, with the part that refreshes itself while something is made."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from elaastic.forms import INTERVALS
from elaastic.models import Request, Subscription
from elaastic.permissions import may_ask, may_collect, may_operate, may_read_region
from elaastic.selectors.subscriptions import (
    Credential,
    Overview,
    archives,
    overview,
    overviews,
    subscriptions_readable_by,
)
from elaastic.services.collecting import connection_of
from elaastic.usage import usage_of
from elaastic.views import words
from elaastic.views.asking import candidates, terms_facts
from elaastic.views.person import actor_of, signed_in
from elaastic.views.plans import sites_of
from elaastic.views.rows import csv_answer, request_rows
from elaastic.views.standing import Standing, badge, platform_trouble, standing
from elaastic.views.timelines import Entry, event_entries, request_timeline
from provisioning.domain.manifest import Placement
from provisioning.selectors.stacks import events
from provisioning.services.clock import now
from tenants.models import Actor

_NEWEST = 200
_EVENTS = 1000


def subscription_or_404(actor: Actor, public_id: UUID) -> Subscription:
    """Absent and somebody else's are the same answer."""
    found = subscriptions_readable_by(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@signed_in
def subscription_list(request: HttpRequest) -> HttpResponseBase:
    """One's own; every one for the region. `?format=csv` is the same list for a spreadsheet."""
    actor = actor_of(request)
    rows = overviews(subscriptions_readable_by(actor)[:_NEWEST])
    if request.GET.get("format") == "csv":
        head = [_("Authority"), _("Level"), _("State"), _("Space (GiB)"), _("Since"), _("Condition"), _("Reason")]
        return csv_answer("adesioni.csv", head, [_csv_row(o) for o in rows])
    shown = [{"seen": o, "badge": badge(o.state), "level": _(o.level.name)} for o in rows]
    is_region = may_read_region(actor)
    asks = not is_region and bool(candidates(actor)[0])
    context = {"rows": shown, "is_region": is_region, "asks": asks}
    return render(request, "elaastic/subscription_list.html", context)


def _csv_row(seen: Any) -> list[Any]:
    row = seen.subscription
    since = row.activated_at.date().isoformat() if row.activated_at else ""
    condition = seen.condition
    quota = row.terms.get("quota_gib", "")
    return [row.authority.name, row.level, seen.state.label, quota, since, condition.state, condition.reason]


@signed_in
def subscription(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Everything about one, with one next step on top."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    return render(request, "elaastic/subscription.html", _context(actor, row, _standing(actor, row)))


@signed_in
def subscription_live(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The same without its frame. 204 while nothing moved: focus and screen reader stay in peace."""
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    found = _standing(actor, row)
    if request.GET.get("seen") == found.digest:
        return HttpResponse(status=204)
    return render(request, "elaastic/_live.html", _context(actor, row, found))


def _standing(actor: Actor, row: Subscription) -> Standing:
    return standing(overview(row), may_act=may_collect(actor, row))


def _context(actor: Actor, row: Subscription, found: Standing) -> dict[str, Any]:
    return {
        "row": row,
        "level": {"number": row.level, "name": _(found.seen.level.name)},
        "standing": found,
        "badge": badge(found.seen.state),
        "cards": [_card(c) for c in found.seen.credentials],
        "collects": may_collect(actor, row),
        "is_region": may_read_region(actor),
        "trouble": row.approved_at is not None and row.ended_at is None and platform_trouble(found.seen),
        "total": len(found.parts),
        "facts": terms_facts(row.terms),
        "usage": usage_of(row) if row.activated_at else None,
        "sites": sites_of(Placement.parse(row.placement)) if row.placement else "",
        "requests": request_rows(Request.objects.filter(subscription=row)[:10]),
        "archives": _archives(row, found),
        "connection": connection_of(row) if row.activated_at else None,
        "acts": _acts(actor, found.seen),
        "in_force": in_force(row),
        "revokes": in_force(row) and (may_collect(actor, row) or may_operate(actor)),
    }


def in_force(row: Subscription) -> bool:
    """It began, and neither ended nor is about to."""
    return bool(row.activated_at) and not (row.leave_requested_at or row.ended_at or row.closed_at)


def _acts(actor: Actor, seen: Overview) -> list[tuple[str, str]]:
    """(address, label) of what this person may ask for now; nothing while a request is open."""
    row = seen.subscription
    if seen.open_request is not None:
        return []
    found = []
    if may_ask(actor, row) and in_force(row):
        found += [("change", _("Change space, archives or retention…")), ("leave", _("Leave…"))]
    if may_ask(actor, row) and row.kept_until and not row.ended_at and row.kept_until <= now():
        found.append(("purge", _("Delete what was kept…")))
    if may_operate(actor) and in_force(row):
        found.append(
            ("resume", _("Let writing go on…")) if row.suspended_at else ("suspend", _("Suspend writing…"))
        )
    return [(reverse(name, args=[row.public_id]), label) for name, label in found]


def _card(credential: Credential) -> dict[str, Any]:
    title, text = words.CREDENTIALS[credential.name]
    return {"credential": credential, "title": title, "text": text, "tools": TOOL_NAMES.items()}


# client -> its name as people know it
TOOL_NAMES = {"rclone": "rclone", "restic": "restic", "s3cmd": "s3cmd", "awscli": "aws-cli"}


def _archives(row: Subscription, found: Standing) -> list[dict[str, Any]]:
    """The archives of the terms with their buckets, once they exist, and whether copies arrive."""
    watched = {a.name: a for a in found.archives}
    buckets = {a.name: str(a.outputs.get("bucket", "")) for a in archives(row)}
    return [
        {
            "name": archive["name"],
            "bucket": buckets.get(f"archive-{archive['name']}", ""),
            "every": _every(archive["expected_interval_hours"]),
            "watched": watched.get(archive["name"]),
            "badge": badge(watched[archive["name"]].state) if archive["name"] in watched else None,
        }
        for archive in row.terms.get("archives", ())
    ]


def _every(hours: int) -> str:
    known = dict(INTERVALS).get(hours)
    return str(known) if known else _("Every %(hours)s hours") % {"hours": words.number(hours)}


@signed_in
def subscription_events(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The whole timeline: what people decided and what the platforms did."""
    row = subscription_or_404(actor_of(request), public_id)
    happened: list[Entry] = event_entries(events(row.stack_key, limit=_EVENTS))
    for asked in Request.objects.filter(subscription=row).select_related("requested_by", "decided_by"):
        happened += request_timeline(asked, None)
    happened.sort(key=lambda entry: entry.at, reverse=True)
    return render(request, "elaastic/subscription_events.html", {"row": row, "entries": happened})
