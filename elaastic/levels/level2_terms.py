"""What an authority chooses at level 2: level 1's terms, and the machines that shall start again."""

from collections.abc import Mapping
from copy import deepcopy
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any, Final

from elaastic.levels import level1
from elaastic.levels.base import Terms

# The nature of a machine -> the system on which it starts again.
NATURES: Final[Mapping[str, str]] = MappingProxyType({"stateless": "openstack", "stateful": "proxmox"})

LAN: Final = r"^(10\.[0-9]{1,3}|172\.(1[6-9]|2[0-9]|3[01])|192\.168)\.[0-9]{1,3}\.0/24$"

_MACHINE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "nature", "vcpus", "ram_mib", "disk_gib", "expected_interval_hours"],
    "properties": {
        "name": {
            "type": "string",
            "pattern": "^[a-z0-9]([a-z0-9-]{1,28}[a-z0-9])$",
            "description": "3 to 30 small letters, digits and inner hyphens; its images lie under this name.",
        },
        "nature": {
            "type": "string",
            "enum": list(NATURES),
            "description": (
                "stateless: whatever it knows lies elsewhere, or it is a modern system with drivers for a cloud; "
                "it starts on OpenStack. stateful: it keeps its own data, or is old; it starts on Proxmox."
            ),
        },
        "vcpus": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 64},
        "ram_mib": {
            "type": "integer",
            "format": "int32",
            "minimum": 256,
            "maximum": 1048576,
            "description": "Memory in MiB (2^20 bytes).",
        },
        "disk_gib": {
            "type": "integer",
            "format": "int32",
            "minimum": 1,
            "maximum": 8192,
            "description": "The largest of its disks, as the machine sees it, in GiB (2^30 bytes).",
        },
        "boot_group": {
            "type": "integer",
            "format": "int32",
            "minimum": 1,
            "maximum": 20,
            "default": 1,
            "description": "Machines of group 1 start first; those of one group together.",
        },
        "expected_interval_hours": {
            "type": "integer",
            "format": "int32",
            "minimum": 1,
            "maximum": 8784,
            "description": "Its image is late when none came for longer than this.",
        },
    },
}
_MORE: Final[dict[str, Any]] = {
    "machines": {
        "type": "array",
        "minItems": 1,
        "maxItems": 50,
        "description": "What shall start again after a disaster.",
        "items": _MACHINE,
    },
    "lan": {
        "type": "string",
        "pattern": LAN,
        "default": "192.168.1.0/24",
        "description": "The addresses that the machines have at home: they keep them. A private /24.",
    },
    "images_in": {
        "type": "string",
        "default": "images",
        "description": "The archive that receives the images, one of those above.",
    },
    "rpo_hours": {
        "type": "integer",
        "format": "int32",
        "minimum": 1,
        "maximum": 744,
        "default": 24,
        "description": "How much may be lost: the age of the newest image that a start may need.",
    },
    "rto_hours": {
        "type": "integer",
        "format": "int32",
        "minimum": 1,
        "maximum": 744,
        "default": 24,
        "description": "How long it may take until everything runs; drills measure it.",
    },
    "drill_months": {
        "type": "integer",
        "format": "int32",
        "enum": [1, 3, 6, 12],
        "default": 6,
        "description": "A drill falls due after so many months.",
    },
}


def _schema() -> dict[str, Any]:
    schema = deepcopy(level1.SCHEMA)
    schema["title"] = "Terms of level 2"
    schema["required"] = [*schema["required"], "machines"]
    schema["properties"] |= _MORE
    return schema


SCHEMA: Final = _schema()
DEFAULTS: Final[dict[str, Any]] = {
    **level1.DEFAULTS,
    "quota_gib": 1000,
    "archives": [
        {"name": "backup", "expected_interval_hours": 24},
        {"name": "images", "expected_interval_hours": 168},
    ],
    "machines": [
        {
            "name": "files", "nature": "stateful", "vcpus": 2, "ram_mib": 4096, "disk_gib": 100, "boot_group": 1,
            "expected_interval_hours": 168,
        },
    ],
    "lan": "192.168.1.0/24",
    "images_in": "images",
    "rpo_hours": 168,
    "rto_hours": 24,
    "drill_months": 6,
}  # fmt: skip


def faults(terms: Terms) -> dict[str, str]:
    """What no schema can say, by field; the words are msgids."""
    found = {}
    if terms["images_in"] not in {archive["name"] for archive in terms["archives"]}:
        found["terms.images_in"] = "None of the archives has this name."
    if not _is_network(terms["lan"]):
        found["terms.lan"] = "This is no network address."
    names = [machine["name"] for machine in terms["machines"]]
    if len(set(names)) != len(names):
        found["terms.machines"] = "Two machines cannot have the same name."
    return found


def _is_network(text: str) -> bool:
    """As the platforms read it: no leading zeros, no part beyond 255."""
    try:
        return str(ip_network(text)) == text
    except ValueError:
        return False
