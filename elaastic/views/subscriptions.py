"""The list of subscriptions and the page of one, with the part that refreshes itself while something is made."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from elaastic.models import Request, Subscription
from elaastic.permissions import may_collect, may_read_region
from elaastic.selectors.subscriptions import archives, overview, overviews, subscriptions_readable_by
from elaastic.services.collecting import connection_of
from elaastic.views import words
from elaastic.views.asking import terms_facts
from elaastic.views.person import actor_of, signed_in
from elaastic.views.plans import sites_of
from elaastic.views.rows import csv_answer, request_rows
from elaastic.views.standing import Standing, badge, platform_trouble, standing
from elaastic.views.timelines import Entry, event_entries, request_timeline
from provisioning.domain.manifest import Placement
from provisioning.selectors.stacks import events
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
    context = {"rows": shown, "is_region": may_read_region(actor)}
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
    context = _live_context(actor, row)
    asked = list(Request.objects.filter(subscription=row).select_related("requested_by", "decided_by")[:10])
    placement = Placement.parse(row.placement)
    for one in asked:
        one.subscription = row
    connection = connection_of(row) if row.activated_at else None
    context |= {
        "facts": terms_facts(row.terms),
        "sites": sites_of(placement) if row.placement else "",
        "requests": request_rows(asked),
        "archives": _archives(row),
        "connection": connection,
        "tools": list(TOOL_NAMES.items()),
    }
    return render(request, "elaastic/subscription.html", context)


# client -> its name as people know it
TOOL_NAMES = {"rclone": "rclone", "restic": "restic", "s3cmd": "s3cmd", "awscli": "aws-cli"}


def _archives(row: Subscription) -> list[dict[str, Any]]:
    """The archives of the terms with their buckets, once they exist."""
    buckets = {a.name: str(a.outputs.get("bucket", "")) for a in archives(row)}
    return [
        {
            "name": archive["name"],
            "bucket": buckets.get(f"archive-{archive['name']}", ""),
            "every": _every(archive["expected_interval_hours"]),
        }
        for archive in row.terms.get("archives", ())
    ]


def _every(hours: int) -> str:
    if hours % 24 == 0:
        return _("every %(days)s") % {"days": words.days(hours // 24)}
    return _("every %(hours)s hours") % {"hours": hours}


@signed_in
def subscription_live(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The fragment that moves. 204 while nothing did, so that a screen reader and the focus are left in peace."""
    actor = actor_of(request)
    context = _live_context(actor, subscription_or_404(actor, public_id))
    found: Standing = context["standing"]
    if request.GET.get("seen") == found.digest:
        return HttpResponse(status=204)
    return render(request, "elaastic/_live.html", context)


def _live_context(actor: Actor, row: Subscription) -> dict[str, Any]:
    collects = may_collect(actor, row)
    found = standing(overview(row), may_act=collects)
    cards = [
        {"credential": c, "title": words.CREDENTIALS[c.name][0], "text": words.CREDENTIALS[c.name][1]}
        for c in found.credentials
    ]
    region = may_read_region(actor)
    return {
        "row": row,
        "level": {"number": row.level, "name": _(found.seen.level.name)},
        "standing": found,
        "badge": badge(found.seen.state),
        "cards": cards,
        "collects": collects,
        "is_region": region,
        "trouble": row.approved_at is not None and row.ended_at is None and platform_trouble(found.seen),
        "total": len(found.parts),
    }


@signed_in
def subscription_events(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The whole timeline: what people decided and what the platforms did."""
    row = subscription_or_404(actor_of(request), public_id)
    happened: list[Entry] = event_entries(events(row.stack_key, limit=_EVENTS))
    for asked in Request.objects.filter(subscription=row).select_related("requested_by", "decided_by"):
        happened += request_timeline(asked, None)
    happened.sort(key=lambda entry: entry.at, reverse=True)
    return render(request, "elaastic/subscription_events.html", {"row": row, "entries": happened})
