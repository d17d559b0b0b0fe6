"""A guest's configuration: the lines that Proxmox keeps of what a spec says, and back."""

import re
from collections.abc import Mapping
from typing import Any, Final

from provisioning.kinds.proxmox import GuestSpec

# Storages that keep disks as files: a disk there can be snapshotted only as qcow2, elsewhere there is only raw.
_FILES: Final = frozenset({"dir", "nfs", "cifs", "cephfs"})
_CARD: Final = re.compile(r"net\d+")


def first(spec: GuestSpec, name: str, tag: str, storage_kind: str) -> dict[str, Any]:
    """Of a new one: stopped, started by nobody but the portal, its agent asked for."""
    disk = f"{spec.storage}:0,import-from={spec.image}"
    return {
        "name": name,
        "tags": tag,
        "pool": spec.pool,
        "cores": spec.vcpus,
        "memory": spec.ram_mib,
        "agent": "enabled=1",
        "onboot": 0,
        "scsihw": "virtio-scsi-single",
        "boot": f"order={spec.bus}0",
        f"{spec.bus}0": f"{disk},format=qcow2" if storage_kind in _FILES else disk,
        "net0": f"{spec.card},bridge={spec.network},firewall=1",
    }


def shape(config: Mapping[str, Any]) -> dict[str, Any]:
    """Declared fields; more than one card shows as all of their networks."""
    cards = {name: _parts(config[name]) for name in sorted(config) if _CARD.fullmatch(name)}
    networks = [card.get("bridge", "") for card in cards.values()]
    memory = str(config.get("memory", 512))
    return {
        "network": networks[0] if len(networks) == 1 else networks,
        "vcpus": int(config.get("cores", 1)) * int(config.get("sockets", 1)),
        "ram_mib": int(_parts(memory).get("current", memory)),
        "firewall": all(card.get("firewall") == "1" for card in cards.values()),
    }


def changed(config: Mapping[str, Any], spec: GuestSpec, after: Mapping[str, Any]) -> dict[str, Any]:
    """The lines to send for the fields in `after`; nothing for those that are no lines."""
    words: dict[str, Any] = {}
    if "vcpus" in after:
        words |= {"cores": spec.vcpus, "sockets": 1}
    if "ram_mib" in after:
        words["memory"] = spec.ram_mib
    if {"network", "firewall"} & set(after):
        before = str(config.get("net0", spec.card))
        words |= {"net0": card} if (card := _card(before, spec)) != before else {}
        others = sorted(name for name in config if _CARD.fullmatch(name) and name != "net0")
        words |= {"delete": ",".join(others)} if others else {}
    return words


def _card(before: str, spec: GuestSpec) -> str:
    """The same card, with its address, in its place and behind its firewall."""
    parts = {**_parts(before), "bridge": str(spec.network), "firewall": "1"}
    parts.pop("link_down", None)
    return ",".join(name if value is None else f"{name}={value}" for name, value in parts.items())


def _parts(line: Any) -> dict[str, Any]:
    """`virtio=BC:…,bridge=x` by its names; what has no `=` has no value."""
    found: dict[str, Any] = {}
    for part in str(line).split(","):
        name, equals, value = part.partition("=")
        found[name] = value if equals else None
    return found
