"""The list of subscriptions and the page of one, with the part that refreshes itself while something is made."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from elaastic.forms import INTERVALS
from elaastic.freshness import watched_of
from elaastic.levels import LEVELS, Mode
from elaastic.levels.archives import copies_of
from elaastic.models import Request, Subscription
from elaastic.permissions import may_ask, may_collect, may_operate, may_read_region
from elaastic.selectors.access import Connection, Way
from elaastic.selectors.collected import collected
from elaastic.selectors.configs import tools_for
from elaastic.selectors.drills_due import DrillDue
from elaastic.selectors.recovery_plans import has_plan, plan_in_force, why_stale
from elaastic.selectors.subscriptions import (
    Credential,
    Overview,
    archives,
    overview,
    overviews,
    subscriptions_readable_by,
)
from elaastic.selectors.today import today
from elaastic.services.agreeing import ends_soon, renewable
from elaastic.services.collecting import connection_of
from elaastic.usage import usage_of
from elaastic.views import words
from elaastic.views.asking import candidates, has_form
from elaastic.views.choosing import monthly
from elaastic.views.machines import machine_words, reserve_words, starts_at
from elaastic.views.next_step import being_deleted
from elaastic.views.person import actor_of, signed_in
from elaastic.views.plans import sites_of
from elaastic.views.rows import request_rows
from elaastic.views.standing import Standing, badge, badge_of, light_badge, platform_trouble, standing
from elaastic.views.terms_words import terms_facts
from elaastic.views.timelines import Entry, event_entries, request_timeline
from provisioning.domain.manifest import Placement
from provisioning.selectors.stacks import events
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.views.tables import csv_answer

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
        head = [_("Authority"), _("Level"), _("State"), _("Space (GiB)"), _("Since"), _("Agreement until")]
        head += [_("Condition"), _("Reason"), _("Drill due on")]
        return csv_answer("adesioni.csv", head, [_csv_row(o) for o in rows])
    watched = watched_of(o.subscription for o in rows)
    lights = [light_badge(watched.get(o.subscription.pk, ()), o.drill) for o in rows]
    shown = [
        {"seen": o, "badge": badge_of(o), "level": _(o.level.name), "light": light}
        for o, light in zip(rows, lights, strict=True)
    ]
    is_region = may_read_region(actor)
    asks = not is_region and bool(candidates(actor)[0])
    context = {"rows": shown, "is_region": is_region, "asks": asks}
    return render(request, "elaastic/subscription_list.html", context)


def _csv_row(seen: Any) -> list[Any]:
    row = seen.subscription
    since = row.activated_at.date().isoformat() if row.activated_at else ""
    condition = seen.condition
    quota = row.terms.get("quota_gib", "")
    until = row.agreed_until.isoformat() if row.agreed_until else ""
    drill = seen.drill.due_at.date().isoformat() if seen.drill else ""
    told = [row.authority.name, row.level, seen.state.label, quota, since, until]
    return [*told, condition.state, condition.reason, drill]


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
    connection = connection_of(row) if row.activated_at else None
    return {
        "row": row,
        "level": {"number": row.level, "name": _(found.seen.level.name)},
        "standing": found,
        "badge": badge_of(found.seen),
        "cards": _cards(row, found, connection),
        "collects": may_collect(actor, row),
        "is_region": may_read_region(actor),
        "trouble": row.approved_at is not None and row.ended_at is None and platform_trouble(found.seen),
        "total": len(found.parts),
        "facts": [fact for fact in terms_facts(row.terms) if fact[0] != _("Machines")],
        "places": _places(row),
        "reserve": reserve_words(row),
        "starts_at": starts_at(row),
        "usage": usage_of(row) if row.activated_at else None,
        "sites": sites_of(Placement.parse(row.placement)) if row.placement else "",
        "requests": request_rows(Request.objects.filter(subscription=row)[:10]),
        "archives": _archives(row, found),
        "machines": [(m, badge(m.state)) for m in found.machines],
        "looked_at": max((a.looked_at for a in found.archives if a.looked_at), default=None),
        "connection": connection,
        "ways": _ways(connection),
        "acts": _acts(actor, found.seen),
        "in_force": in_force(row),
        "recovery": _recovery(row, found.seen.drill),
        "ending": _ending(row) if ends_soon(row) and not Mode.parse(row.mode).expired else "",
        "monthly": monthly(row.level, row.terms) if in_force(row) else "",
        "certificate": row.ended_at is not None and row.kept_until is not None,
        "revokes": in_force(row) and (may_collect(actor, row) or may_operate(actor)),
    }


def _recovery(row: Subscription, drill: DrillDue | None) -> dict[str, Any] | None:
    """The recovery plan in force, whether it still fits, and when it is tried; None where no machines start."""
    if not has_plan(row):
        return None
    plan = plan_in_force(row)
    return {"plan": plan, "stale": bool(why_stale(plan, drill)), "drill": drill}


def _ending(row: Subscription) -> str:
    """What the page says about the end of the agreement, in one sentence."""
    assert row.agreed_until is not None
    assert row.writes_until is not None
    said = {"day": date_format(row.agreed_until, "d/m/Y"), "grace": date_format(row.writes_until, "d/m/Y")}
    if row.agreed_until < today():
        return _("The agreement ended on %(day)s. New copies are taken until %(grace)s.") % said
    return _("The agreement ends on %(day)s. Without a renewal, new copies are taken until %(grace)s.") % said


def in_force(row: Subscription) -> bool:
    """It began, and neither ended nor is about to."""
    return bool(row.activated_at) and not (row.leave_requested_at or row.ended_at or row.closed_at)


def _acts(actor: Actor, seen: Overview) -> list[tuple[str, str]]:
    """(address, label) of what this person may do now; nothing is asked for while a request is open."""
    row = seen.subscription
    kit = [("kit", _("Print the emergency kit"))] if may_collect(actor, row) and row.activated_at else []
    if seen.open_request is not None:
        return [(reverse(name, args=[row.public_id]), label) for name, label in kit]
    found, up = kit, []
    if may_ask(actor, row) and in_force(row):
        if renewable(row):
            found.append(("renew", _("Renew the agreement…")))
        machines = bool(row.terms.get("machines"))
        other = _("Change machines, space or archives…") if machines else _("Change space, archives or retention…")
        found += [("change", other), ("leave", _("Leave…"))]
        stepped = row.level + 1
        if has_form(stepped):
            up.append((reverse("step_up", args=[row.public_id, stepped]), _step_up(stepped)))
    if (
        may_ask(actor, row)
        and row.kept_until
        and not row.ended_at
        and row.kept_until <= now()
        and not being_deleted(seen)
    ):
        found.append(("purge", _("Delete what was kept…")))
    if may_operate(actor) and in_force(row):
        suspended = Mode.parse(row.mode).suspended
        found.append(("resume", _("Let writing go on…")) if suspended else ("suspend", _("Suspend writing…")))
    return [*up, *((reverse(name, args=[row.public_id]), label) for name, label in found)]


def _step_up(level: int) -> str:
    return _("Step up to level %(number)s – %(name)s…") % {"number": level, "name": _(LEVELS[level].name)}


def _cards(row: Subscription, found: Standing, connection: Connection | None) -> list[dict[str, Any]]:
    credentials = found.seen.credentials
    who = collected(row) if any(c.secret_shown for c in credentials) else {}
    return [{**_card(c, connection), "collected": who.get(c.name)} for c in credentials]


def _card(credential: Credential, connection: Connection | None) -> dict[str, Any]:
    title, text = words.CREDENTIALS[credential.name]
    tools = tools_for(connection.access(credential.name, "")) if connection else []
    return {"credential": credential, "title": title, "text": text, "tools": [(t, TOOL_NAMES[t]) for t in tools]}


def _ways(connection: Connection | None) -> list[tuple[str, Way]]:
    """(name, where) of each protocol beside S3; whose key it is makes no difference to where."""
    found = connection.access("", "").ways if connection else ()
    return [(words.PROTOCOLS[way.protocol], way) for way in found]


# client -> its name as people know it
TOOL_NAMES = {
    "rclone": "rclone",
    "restic": "restic",
    "s3cmd": "s3cmd",
    "awscli": "aws-cli",
    "sftp": "SFTP (OpenSSH)",
    "rclone-sftp": "SFTP (rclone)",
    "webdav": "WebDAV (rclone)",
    "swift": "Swift",
}


def _archives(row: Subscription, found: Standing) -> list[dict[str, Any]]:
    """The archives of the terms with their buckets, once they exist, and whether copies arrive."""
    watched = {a.name: a for a in found.archives}
    buckets = {a.name: str(a.outputs.get("bucket", "")) for a in archives(row)}
    placement = Placement.parse(row.placement)
    return [
        {
            "name": archive["name"],
            "bucket": buckets.get(f"archive-{archive['name']}", ""),
            "copies": _copies(placement, copies_of(row.terms, archive)),
            "every": every(archive["expected_interval_hours"]),
            "watched": watched.get(archive["name"]),
            "badge": badge(watched[archive["name"]].state) if archive["name"] in watched else None,
        }
        for archive in row.terms.get("archives", ())
    ]


def _copies(placement: Placement, number: int) -> str:
    """`3: Ancona, Macerata, Pesaro`; the number alone until a place was chosen."""
    target = placement.target_for(number)
    return f"{number}: {sites_of(placement, target.id)}" if target else str(number)


def _places(row: Subscription) -> list[dict[str, Any]]:
    """The machines of the terms, in their boot order."""
    return [
        {
            "name": machine["name"],
            "words": machine_words(machine),
            "group": machine.get("boot_group", 1),
        }
        for machine in sorted(row.terms.get("machines", ()), key=lambda m: int(m.get("boot_group", 1)))
    ]


def every(hours: int) -> str:
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
