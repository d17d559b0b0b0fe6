"""A town's machines in words: what they are, what is held for them, and what is wanted of them together."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from elaastic.forms_machines import DRILLS
from elaastic.levels import LEVELS
from elaastic.models import Subscription
from elaastic.views import words
from provisioning.selectors.capacity import Room
from provisioning.selectors.region import region

Terms = Mapping[str, Any]
_SYSTEMS: Final = {"openstack": "OpenStack", "proxmox": "Proxmox"}


def machine_words(machine: Terms | None) -> str:
    """`OpenStack, 2 vCPU, 4 GiB RAM, disk 100 GiB`; '' for one that is gone."""
    if machine is None:
        return ""
    return _("%(system)s, %(vcpus)s, %(ram)s, disk %(disk)s") % {
        "system": words.SYSTEMS[machine["nature"]],
        "vcpus": words.amount("vcpus", machine["vcpus"]),
        "ram": memory(machine["ram_mib"]),
        "disk": words.gib(machine["disk_gib"]),
    }


def memory(mib: int) -> str:
    """In GiB where that comes out even, else in MiB."""
    return words.amount("ram_mib", mib) if mib % 1024 == 0 else f"{words.number(mib)} MiB RAM"


def machine_facts(terms: Terms) -> list[tuple[str, str]]:
    """The machines of the terms, for the summary, the request and the subscription."""
    months = int(terms["drill_months"])
    return [
        (_("Machines"), "; ".join(f"{m['name']} ({machine_words(m)})" for m in terms["machines"])),
        (_("Addresses of the machines"), str(terms["lan"])),
        (_("Their images arrive in"), str(terms["images_in"])),
        (_("Work that may be lost"), hours(terms["rpo_hours"])),
        (_("Everything runs within"), hours(terms["rto_hours"])),
        (_("A drill is due"), str(dict(DRILLS).get(months, months))),
    ]


def hours(count: int) -> str:
    """`24 hours`."""
    return _("1 hour") if count == 1 else _("%(count)s hours") % {"count": words.number(count)}


def reserve_words(row: Subscription) -> list[str]:
    """What is held for the machines, a line for each system: `OpenStack: 2 vCPU, 2 GiB RAM`."""
    held = LEVELS[row.level].reserve(row.terms)
    return [
        f"{_SYSTEMS[system]}: {', '.join(words.amount(name, amount) for name, amount in amounts.items())}"
        for system, amounts in held.items()
    ]


def site_name(code: str) -> str:
    """`pesaro` → `Pesaro`; a code that the region file lost stays as it is."""
    return next((site.name for site in region().sites if site.code == code), code)


def room_name(room: Room) -> str:
    """`Pesaro`; where machines start, with the system: `Pesaro (Proxmox)`."""
    platform = region().platform(room.platform)
    system = _SYSTEMS.get(platform.provider if platform else "")
    return f"{site_name(room.site)} ({system})" if system else site_name(room.site)


def starts_at(row: Subscription) -> str:
    """The site on which the machines start, by name; '' where none is known."""
    code = row.placement.get("reserve", "")
    return site_name(code) if code else ""
