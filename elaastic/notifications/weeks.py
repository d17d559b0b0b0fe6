"""Monday's mail: to each authority how its copies stand, to the region what waits for it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from elaastic.freshness import LIGHT_WORDS, Freshness, Machine, Watched, light_of, watched_of, worst
from elaastic.models import AlertKind, Digest, RegionDigest, Subscription
from elaastic.notifications.letters import LANGUAGE, people_of, region_with, send, send_plain
from elaastic.selectors.alarms import Waiting, waiting_for_the_region
from elaastic.selectors.drills_due import DrillDue, drill_due
from elaastic.usage import usage_of
from tenants.models import RegionRoleName

# A mail names so many of each; the page that it leads to has all.
_NAMED: Final = 5


def tell_digest(digest: Digest) -> None:
    """How the copies of one authority stand this week, in four lines and one next action."""
    row = digest.subscription
    with translation.override(LANGUAGE):
        watched = watched_of([row]).get(row.pk, [])
        lines = [_line(one) for one in watched]
        proven = row.verified_at and date_format(localtime(row.verified_at), "d/m/Y")
        lines.append(_("Last proven restore: %(day)s.") % {"day": proven or _("never")})
        drill = drill_due(row)
        if drill is not None:
            lines.append(_drill(drill))
        body = "\n".join([*lines, usage_of(row).sentence, "", _what_now(worst(watched), drill, row)])
        subject = _("The week of your copies: %(light)s") % {"light": LIGHT_WORDS[light_of(watched, drill)]}
    send(people_of(row.authority), row.authority, subject, body, "subscription", row.public_id)


def _line(one: Watched) -> str:
    newest = one.newest_at and date_format(localtime(one.newest_at), "d/m/Y, H:i")
    said = {"archive": one.name, "at": newest or _("none yet"), "state": one.state.label}
    if isinstance(one, Machine):
        return _("Machine “%(archive)s”: last usable image %(at)s. %(state)s.") % said
    return _("“%(archive)s”: last copy %(at)s. %(state)s.") % said


def _drill(drill: DrillDue) -> str:
    passed = drill.passed_at and date_format(localtime(drill.passed_at), "d/m/Y")
    said = {"day": passed or _("never"), "next": date_format(drill.due_at, "d/m/Y")}
    return _("Last drill that passed: %(day)s; the next is due on %(next)s.") % said


def _what_now(state: Freshness | None, drill: DrillDue | None, row: Subscription) -> str:
    if state == Freshness.LATE:
        return _("What to do: look at your backup program today.")
    if drill is not None and drill.due:
        return _("What to do: a drill is due; the page of the drills says what is in its way.")
    if not row.verified_at:
        return _("What to do: prove that a copy comes back; it takes a quarter of an hour.")
    return _("Nothing is to be done.")


def tell_region(digest: RegionDigest) -> None:
    """What waits for the region this week, by what it is, and one next action; to operators and approvers."""
    found = waiting_for_the_region()
    with translation.override(LANGUAGE):
        parts = [_part(title, lines) for title, lines in _of_the_region(found)]
        subject = _("The region's week %(week)s") % {"week": digest.week}
        body = "\n\n".join([*parts, _region_now(found)])
    send_plain(region_with(RegionRoleName.OPERATOR, RegionRoleName.APPROVER), subject, body, "home")


def _part(title: str, lines: Sequence[str]) -> str:
    named = [f"    {line}" for line in lines[:_NAMED]]
    if len(lines) > _NAMED:
        named.append("    " + _("and %(count)s more") % {"count": len(lines) - _NAMED})
    return "\n".join([f"{title}: {len(lines)}", *named])


def _of_the_region(found: Waiting) -> Iterator[tuple[str, list[str]]]:
    yield _("Sites that are down"), found.sites_down
    yield (
        _("Requests that wait for a decision"),
        [f"{_day(r.created_at)}  {r.subscription.authority.name}: {r.get_kind_display()}" for r in found.requests],
    )
    yield (
        _("Open alerts"),
        [f"{_day(a.began_at)}  {a.subscription.authority.name}: {a.get_kind_display()}" for a in found.alerts],
    )
    yield (
        _("Agreements that end within thirty days, or have ended"),
        [f"{date_format(s.agreed_until, 'd/m/Y')}  {s.authority.name}" for s in found.ending if s.agreed_until],
    )


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), "d/m/Y")


def _region_now(found: Waiting) -> str:
    if found.sites_down:
        return _("What to do: see what the loss of a site means, on the page about the platforms.")
    if any(alert.kind == AlertKind.DAMAGED for alert in found.alerts):
        return _("What to do: find out why a copy is not as it arrived.")
    if found.requests:
        return _("What to do: decide on the oldest request.")
    if found.alerts:
        return _("What to do: call the authority whose alert has been open for longest.")
    if found.ending:
        return _("What to do: call the authority whose agreement ends first.")
    return _("Nothing is to be done.")
