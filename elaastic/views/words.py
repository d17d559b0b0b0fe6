"""What things are called in front of a municipal technician: resources, events, plan fields.

Literal tables, read from top to bottom. The names of the left column are stable; the sentences may be reworded.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from elaastic.views.condition_words import CONDITIONS

Text = str | Promise
_GIB: Final = 2**30
_MIB: Final = 2**20

# The catalogue is pure code and cannot translate itself; naming its sentences here puts them into locale/.
CATALOGUE: Final = (
    gettext_lazy("Base"),
    gettext_lazy("Intermediate"),
    gettext_lazy("Advanced"),
    gettext_lazy("Maximum"),
    gettext_lazy("Space in the region's cloud for the copies you make with your own tools."),
    gettext_lazy("Copies on two or three sites, chosen by you and shown to you."),
    gettext_lazy("A key that can add copies and destroy none."),
    gettext_lazy("A second key that only restores, every version, for as long as you asked."),
    gettext_lazy("Space for the images of your virtual machines, and resources to start them after a disaster."),
    gettext_lazy("Everything in level 1."),
    gettext_lazy("A reserve on which your machines start when yours are gone."),
    gettext_lazy("Recovery drills that really start them, and measure the time."),
    gettext_lazy("Differential replication between a backup appliance in your premises and the region."),
    gettext_lazy("Everything in level 2."),
    gettext_lazy("An appliance that sends only what changed."),
    gettext_lazy("A measured delay, always in view."),
    gettext_lazy("A validated open-source virtualisation and storage stack in your premises, with its services."),
    gettext_lazy("Everything in level 3."),
    gettext_lazy("Training, migration and configuration."),
    gettext_lazy("An acceptance test with a first drill."),
)

RESOURCES: Final[Mapping[str, Text]] = {
    "owner": gettext_lazy("The authority's reserved space"),
    "writer": gettext_lazy("Identity that writes the copies"),
    "restore": gettext_lazy("Identity that restores"),
    "probe": gettext_lazy("Identity with which the portal checks"),
    "owner-key": gettext_lazy("Key of the reserved space (it stays in the vault)"),
    "writer-key": gettext_lazy("Key for writing copies"),
    "restore-key": gettext_lazy("Key for restoring"),
    "probe-key": gettext_lazy("Key for the portal's checks"),
    "door": gettext_lazy("Way in for SFTP and WebDAV"),
    "reserve": gettext_lazy("Place where your machines start (OpenStack)"),
    "reserve-user": gettext_lazy("Identity in that place"),
    "reserve-people": gettext_lazy("Who may act in that place"),
    "reserve-may": gettext_lazy("What they may do in that place"),
    "reserve-access": gettext_lazy("Access for programs to that place"),
    "lan": gettext_lazy("Your machines' own network"),
    "lan-addresses": gettext_lazy("Its addresses"),
    "lan-router": gettext_lazy("Its way out, closed until a disaster"),
    "lan-rules": gettext_lazy("What may pass in it"),
    "pool": gettext_lazy("Place where your machines start (Proxmox)"),
    "guests-lan": gettext_lazy("Your machines' own network on Proxmox"),
    "pool-user": gettext_lazy("Identity in the Proxmox place"),
    "pool-token": gettext_lazy("Access for programs to the Proxmox place"),
    "pool-may": gettext_lazy("What may be done in the Proxmox place"),
}

CREDENTIALS: Final[Mapping[str, tuple[Text, Text]]] = {
    "writer": (
        gettext_lazy("Key for writing copies"),
        gettext_lazy(
            "Goes into your backup program. It adds copies and cannot destroy any, not even if it is stolen."
        ),
    ),
    "restore": (
        gettext_lazy("Key for restoring"),
        gettext_lazy(
            "Reads every version, deleted ones too, and writes nothing. Keep it away from the machines you protect."
        ),
    ),
}

EVENTS: Final[Mapping[str, Text]] = {
    "PlanApproved": gettext_lazy("The approved plan was started."),
    "CreateSent": gettext_lazy("The creation was ordered."),
    "UpdateSent": gettext_lazy("The correction was ordered."),
    "DeleteSent": gettext_lazy("The removal was ordered."),
    "Retried": gettext_lazy("An operator had it tried again."),
    "Adopted": gettext_lazy("An operator said which object this is."),
    "SecretRevealed": gettext_lazy("The secret was collected."),
    "OrphanWithData": gettext_lazy("An object with data that no row knows was found: it is only reported."),
}

FIELDS: Final[Mapping[str, Text]] = {
    "quota_bytes": gettext_lazy("Space in all"),
    "bucket_quota_bytes": gettext_lazy("Space for each archive"),
    "max_buckets": gettext_lazy("Archives that it may own"),
    "suspended": gettext_lazy("Suspended"),
    "retention_days": gettext_lazy("Earlier versions are kept for"),
    "immutability": gettext_lazy("Immutability"),
    "versioning": gettext_lazy("Earlier versions are kept"),
    "placement_target": gettext_lazy("Where the copies are"),
    "policy": gettext_lazy("Access rules"),
    "private": gettext_lazy("Closed to the public"),
    "bucket": gettext_lazy("Name of the archive"),
    "user": gettext_lazy("Identity"),
    "swift": gettext_lazy("Opens Swift too"),
    "gateways": gettext_lazy("Reached over"),
    "archives": gettext_lazy("Archives"),
    "servers": gettext_lazy("Machines that may run in it"),
    "vcpus": gettext_lazy("Processors in all"),
    "ram_mib": gettext_lazy("Memory in all"),
    "networks": gettext_lazy("Networks"),
    "subnets": gettext_lazy("Ranges of addresses"),
    "routers": gettext_lazy("Routers"),
    "ports": gettext_lazy("Network ports"),
    "security_groups": gettext_lazy("Sets of rules"),
    "security_group_rules": gettext_lazy("Rules"),
    "enabled": gettext_lazy("Lets in"),
    "members": gettext_lazy("Who belongs to it"),
    "project": gettext_lazy("In the place"),
    "path": gettext_lazy("In the place"),
    "role": gettext_lazy("Role"),
    "group": gettext_lazy("Given to"),
    "holder": gettext_lazy("Given to"),
    "network": gettext_lazy("Network"),
    "cidr": gettext_lazy("Addresses"),
    "gateway": gettext_lazy("Address of the router"),
    "rules": gettext_lazy("What may pass"),
}

# In the order in which they are told.
PROTOCOLS: Final[Mapping[str, str]] = {"s3": "S3", "sftp": "SFTP", "webdav": "WebDAV", "swift": "Swift"}

# The nature of a machine -> the system on which it starts.
SYSTEMS: Final[Mapping[str, str]] = {"stateless": "OpenStack", "stateful": "Proxmox"}

IMMUTABILITY: Final[Mapping[str, Text]] = {
    "none": pgettext_lazy("immutability", "None"),
    "governance": gettext_lazy("Locked: only the region can lift the lock"),
    "compliance": gettext_lazy("Absolute: nobody can delete before its time"),
}


# Resources that are called by a name of the town's own.
_NAMED: Final[Mapping[str, Text]] = {
    "archive": gettext_lazy("Archive “%(name)s”"),
    "image": gettext_lazy("Image of the machine “%(name)s”"),
    "plug": gettext_lazy("Network card of the machine “%(name)s”"),
    "machine": gettext_lazy("Machine “%(name)s”"),
}


def resource_title(name: str) -> str:
    """`writer-key` → the words for it; an archive is called by its own name; an unknown one as it is."""
    kind, _dash, rest = name.partition("-")
    if rest and kind in _NAMED:
        return _NAMED[kind] % {"name": rest}
    first, _dash, serial = name.rpartition("-")
    if serial.isdigit() and first in RESOURCES:
        return _("%(title)s, number %(serial)s") % {"title": RESOURCES[first], "serial": serial}
    return str(RESOURCES.get(name, name))


def event_sentence(resource: str, reason: str, message: str) -> str:
    """One past-tense line, beginning with what it is about."""
    known = EVENTS.get(reason) or CONDITIONS.get(reason)
    said = str(known) if known else (message or reason)
    return f"{resource_title(resource)}: {said[:1].lower()}{said[1:]}" if resource else said


def field_title(name: str) -> str:
    """The words for a declared field; its own name when there are none."""
    return str(FIELDS.get(name, name))


def field_value(name: str, value: Any) -> str:
    """A declared value as a person reads it: sizes with their unit, days, yes and no."""
    shown = _SHOWN.get(name)
    if shown and value is not None:
        return shown(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None:
        return _("no limit of its own")
    return str(value)


def gib(amount: int) -> str:
    """An amount of GiB (2^30 bytes) with its unit."""
    return f"{number(amount)} GiB"


def size(amount: int) -> str:
    """Bytes in GiB, to the tenth; what is less than that in MiB, and never 0 while there is something."""
    if amount >= _GIB // 10 or not amount:
        return f"{formats.number_format(amount / _GIB, 1, use_l10n=True, force_grouping=True)} GiB"
    return f"{number(max(1, amount // _MIB))} MiB"


def amount(resource: str, value: int) -> str:
    """An amount of a capacity row with its unit; the row's name says which."""
    if resource == "storage_gib":
        return gib(value)
    if resource == "ram_mib":
        return f"{number(value)} MiB RAM" if value % 1024 else f"{number(value // 1024)} GiB RAM"
    return f"{number(value)} vCPU"


def number(value: int) -> str:
    """With the language's thousands separator."""
    return formats.number_format(value, use_l10n=True, force_grouping=True)


def money(amount: Decimal, currency: str = "EUR", *, exact: bool = False) -> str:
    """`40,50 €`; `exact` keeps what a price has below the cent."""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    assert isinstance(exponent, int)
    shown = formats.number_format(plain, max(2, -exponent) if exact else 2, use_l10n=True, force_grouping=True)
    return f"{shown} €" if currency == "EUR" else f"{shown} {currency}"


def days(count: int) -> str:
    """`30 days`."""
    return _("1 day") if count == 1 else _("%(count)s days") % {"count": number(count)}


def _identity(value: Any) -> str:
    name = str(value).removeprefix("→ ")
    return str(RESOURCES.get(name, name))


_SHOWN: Final[Mapping[str, Callable[[Any], str]]] = {
    "quota_bytes": lambda v: gib(round(v / _GIB)),
    "bucket_quota_bytes": lambda v: gib(round(v / _GIB)),
    "retention_days": days,
    "immutability": lambda v: str(IMMUTABILITY.get(v, v)),
    "policy": lambda v: str(v)[:12],
    **dict.fromkeys(("user", "project", "path", "role", "group", "holder", "network"), _identity),
    **dict.fromkeys(
        ("members", "subnets"), lambda v: ", ".join(map(_identity, v)) if isinstance(v, list) else _identity(v)
    ),
    "ram_mib": lambda v: f"{number(v // 1024)} GiB" if v % 1024 == 0 else f"{number(v)} MiB",
    "rules": lambda v: ", ".join(map(str, v)) if isinstance(v, list) else str(v),
    "gateways": lambda v: ", ".join(PROTOCOLS.get(name, name) for name in ("s3", *v)),
    # In the plan of something new a reference stands for all of them.
    "archives": lambda v: ", ".join(v) if isinstance(v, list) else _("all"),
}
