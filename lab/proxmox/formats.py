"""The named formats of the schema that the emulator can check; a name that is not here takes any text.

Each raises ValueError with the text that the real API was recorded to answer, or that its kind of error has.
"""

import ipaddress
import re
from collections.abc import Callable

from lab.proxmox.privileges import PRIVILEGES

Check = Callable[[str], object]

_CALENDAR = re.compile(
    r"(minutely|hourly|daily|weekly|monthly|yearly|annually|quarterly|semiannually)"
    r"|((mon|tue|wed|thu|fri|sat|sun)[a-z]*([,.\-]+[a-z]+)*)? ?([\d*/,.\-]+ ?){0,2}([\d*/,.]+(:[\d*/,.]+){0,2})?",
    re.IGNORECASE,
)


def _like(pattern: str, text: str) -> Check:
    compiled = re.compile(pattern)

    def check(value: str) -> None:
        if not compiled.fullmatch(value):
            raise ValueError(text.format(value))

    return check


def _privilege(value: str) -> None:
    if value not in PRIVILEGES:
        raise ValueError(f"invalid privilege '{value}'\n")


def _calendar(value: str) -> None:
    if not value.strip() or not _CALENDAR.fullmatch(value.strip()):
        raise ValueError(f"invalid calendar event '{value}' - unable to parse calendar event\n\n")


def _volume(value: str) -> None:
    if not re.fullmatch(r"[a-zA-Z][\w.\-]*[a-zA-Z0-9]:\S+", value):
        raise ValueError(f"unable to parse volume ID '{value}'\n")


def _volume_or_path(value: str) -> None:
    if value not in ("none", "cdrom") and not value.startswith("/"):
        _volume(value)


def _address(value: str) -> None:
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        raise ValueError(f"value does not look like a valid IP address or CIDR: '{value}'\n") from None


_ID = r"[a-zA-Z][\w\-.]*[a-zA-Z0-9]"
FORMATS: dict[str, Check] = {
    "pve-vmid": _like(r"[1-9]\d{2,8}", "value does not look like a valid VM ID\n"),
    "pve-node": _like(r"[a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?", "value does not look like a valid node name\n"),
    "pve-userid": _like(r"[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+", "value '{}' does not look like a valid user name\n"),
    "pve-tokenid": _like(r"[^\s:/]+@[A-Za-z][\w.\-]+![A-Za-z][\w.\-]+", "value '{}' is no token ID\n"),
    "pve-groupid": _like(r"[A-Za-z0-9.\-_]+", "value '{}' contains invalid characters\n"),
    "pve-roleid": _like(r"[A-Za-z0-9.\-_]+", "value '{}' contains invalid characters\n"),
    "pve-poolid": _like(r"[A-Za-z0-9.\-_]+(/[A-Za-z0-9.\-_]+){0,2}", "invalid pool name '{}'\n"),
    "pve-realm": _like(r"[A-Za-z][A-Za-z0-9.\-_]+", "value does not look like a valid realm\n"),
    "pve-storage-id": _like(_ID, "storage ID '{}' contains illegal characters\n"),
    "pve-configid": _like(r"[a-zA-Z][\w\-]+", "invalid configuration ID '{}'\n"),
    "pve-priv": _privilege,
    "pve-calendar-event": _calendar,
    "pve-volume-id": _volume,
    "pve-volume-id-or-qm-path": _volume_or_path,
    "dns-name": _like(
        r"([a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?)*",
        "value does not look like a valid DNS name\n",
    ),
    "CIDR": _address,
    "mac-addr": _like(
        r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", "value does not look like a valid unicast MAC address\n"
    ),
    "pve-storage-content": _like(
        r"images|rootdir|vztmpl|iso|backup|snippets|import|none", "invalid content type '{}'\n"
    ),
    "email": _like(r"[\w+.~-]+@[a-zA-Z0-9.\-]+", "value does not look like a valid email address\n"),
}


def check(name: str, value: str) -> None:
    """ValueError for a value that the format refuses; `-list` and `-opt` mean what they mean there."""
    if name.endswith("-list"):
        for one in re.split(r"[,;\s\0]+", value):
            if one:
                check(name.removesuffix("-list"), one)
        return
    if name.endswith("-opt") and not value:
        return
    found = FORMATS.get(name.removesuffix("-opt"))
    if found:
        found(value)
