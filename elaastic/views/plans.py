"""A plan as both sides read it: `+ ~ -` by system and site, and what it does to each site's capacity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.models import Request
from elaastic.selectors.copies import site_names
from elaastic.views import words
from elaastic.views.machines import room_name, site_name
from provisioning.domain.manifest import Placement
from provisioning.domain.plan import Action
from provisioning.domain.region import Region
from provisioning.selectors.capacity import Effect, plan_effects
from provisioning.selectors.region import region
from provisioning.selectors.stacks import PlanView, plan

# action -> (sign, tone, the verb that a screen reader and a colour-blind person get)
SIGNS: Final[Mapping[str, tuple[str, str, words.Text]]] = {
    Action.CREATE: ("+", "good", gettext_lazy("will be created")),
    Action.RECREATE: ("+", "warn", gettext_lazy("will be created again, empty")),
    Action.UPDATE: ("~", "info", gettext_lazy("will be changed")),
    Action.REPLACE: ("~", "warn", gettext_lazy("will be replaced")),
    Action.DELETE: ("−", "bad", gettext_lazy("will be removed")),
    Action.RETAIN: ("=", "idle", gettext_lazy("is kept until its date")),
    Action.FORGET: ("−", "idle", gettext_lazy("is gone already and will be forgotten")),
}
SYSTEMS: Final[Mapping[str, words.Text]] = {
    "ceph": gettext_lazy("Storage (Ceph)"),
    "openstack": gettext_lazy("Virtual machines (OpenStack)"),
    "proxmox": gettext_lazy("Virtual machines (Proxmox)"),
    "people": gettext_lazy("Work done by people"),
}
# What a municipal reader gains nothing from: names of other rows, already listed beside.
_PLUMBING: Final = frozenset(
    {"owner", "owner_key", "writer", "restore", "probe", "role", "versioning", "user", "bucket"}
)


@dataclass(frozen=True)
class Line:
    """One change: `facts` are (field, before, after) in words; before is '' for something new."""

    sign: str
    tone: str
    verb: str
    title: str
    facts: tuple[tuple[str, str, str], ...]
    purge: bool


@dataclass(frozen=True)
class Group:
    """The changes on one platform, and the sites that it spans for this subscription."""

    system: str
    platform: str
    sites: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Bar:
    """What a yes does to one site, in words and whole percent."""

    site: str
    platform: str
    before: str
    after: str
    total: str
    percent_before: int
    percent_after: int
    fits: bool


@dataclass(frozen=True)
class Shown:
    """The plan of a request, ready for its template."""

    digest: str
    age: Any
    groups: tuple[Group, ...]
    bars: tuple[Bar, ...]
    unseen: tuple[str, ...]
    counts: str


def plan_of(request: Request) -> Shown | None:
    """The request's newest plan with today's capacity, or None while there is none. Two queries."""
    found = plan(request.plan_id) if request.plan_id is not None else None
    if found is None:
        return None
    today = region()
    return Shown(
        digest=found.digest,
        age=found.created_at,
        groups=_groups(found, today),
        bars=tuple(_bar(effect) for effect in plan_effects(found)),
        unseen=tuple(found.unseen),
        counts=_counts(found),
    )


def sites_of(placement: Placement, target: str = "") -> str:
    """The sites by name, in the order of the region file: of one of its targets, or of all together."""
    return ", ".join(site_names(placement, target))


def _counts(found: PlanView) -> str:
    signs = [SIGNS.get(c["action"], ("~", "", ""))[0] for c in found.changes]
    return _("%(new)s to create, %(changed)s to change, %(gone)s to remove") % {
        "new": signs.count("+"),
        "changed": signs.count("~"),
        "gone": signs.count("−"),
    }


def _groups(found: PlanView, today: Region) -> tuple[Group, ...]:
    by_platform: dict[str, list[Line]] = {}
    for change in found.changes:
        by_platform.setdefault(change["platform"], []).append(_line(change, found.placement))
    return tuple(_group(platform, tuple(lines), found.placement, today) for platform, lines in by_platform.items())


def _group(id: str, lines: tuple[Line, ...], placement: Placement, today: Region) -> Group:
    platform = today.platform(id)
    system = str(SYSTEMS.get(platform.provider, platform.provider)) if platform else id
    starts_machines = id in placement.platforms.values() and id != placement.platforms.get("ceph")
    return Group(system, id, site_name(placement.reserve) if starts_machines else sites_of(placement), lines)


def _line(change: Mapping[str, Any], placement: Placement) -> Line:
    sign, tone, verb = SIGNS.get(change["action"], ("~", "info", change["action"]))
    before, after = change.get("before", {}), change.get("after", {})
    is_update = change["action"] in (Action.UPDATE, Action.REPLACE)
    named = [name for name in (after or before) if is_update or name not in _PLUMBING]
    facts = tuple(
        (words.field_title(n), _value(n, before, placement), _value(n, after, placement))
        for n in named
        if is_update or not _says_nothing(n, after.get(n, before.get(n)))
    )
    return Line(sign, tone, str(verb), words.resource_title(change["name"]), facts, bool(change.get("purge")))


def _says_nothing(name: str, value: Any) -> bool:
    return (name, value) in [("suspended", False), ("max_buckets", -1), ("immutability", "none")]


def _value(name: str, values: Mapping[str, Any], placement: Placement) -> str:
    if name not in values:
        return ""
    if name == "placement_target" and values[name] in {target.id for target in placement.every_target}:
        return sites_of(placement, values[name])
    return words.field_value(name, values[name])


def _bar(effect: Effect) -> Bar:
    room = effect.room
    return Bar(
        site=room_name(room),
        platform=room.platform,
        before=words.amount(room.resource, room.used),
        after=words.amount(room.resource, effect.after),
        total=words.amount(room.resource, room.total),
        percent_before=percent(room.used, room.total),
        percent_after=percent(effect.after, room.total),
        fits=effect.fits,
    )


def percent(part: int, whole: int) -> int:
    """Whole percent for a bar: something is never drawn as nothing, and nothing is drawn beyond the end."""
    if part <= 0 or whole <= 0:
        return 0
    return max(1, min(100, round(100 * part / whole)))
