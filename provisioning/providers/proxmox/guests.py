"""A guest as the cluster shows it: on which node, in which pool, with what configuration."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists
from provisioning.domain.names import Marker
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import PROXMOX, NotThere


@dataclass(frozen=True)
class Guest:
    """`config` is as Proxmox writes it, with what waits for the next start."""

    vmid: int
    node: str
    pool: str
    config: Mapping[str, Any]

    @property
    def path(self) -> str:
        """Its address."""
        return f"nodes/{self.node}/qemu/{self.vmid}"

    @property
    def lock(self) -> str:
        """What is being done to it, or was and broke off."""
        return str(self.config.get("lock", ""))

    def carries(self, marker: Marker) -> bool:
        """It is tagged with it."""
        return str(marker) in tags_of(self.config)

    def runs(self, api: Api) -> bool:
        """Asked of its node: the cluster's listing is some seconds old."""
        shown = api.shown(f"reading the state of guest {self.vmid}", f"{self.path}/status/current")
        return bool(shown.get("status") == "running")


def find(api: Api, vmid: int) -> Guest | None:
    """None only when the cluster says that the VMID is free: a listing leaves out what one may not see."""
    doing = f"reading guest {vmid}"
    row = next((one for one in rows(api) if one.get("vmid") == vmid), None)
    if row is None:
        _need_free(api, doing, vmid)
        return None
    node = str(row["node"])
    with standing(doing):
        config = api.shown(doing, f"nodes/{node}/qemu/{vmid}/config")
    return Guest(vmid, node, str(row.get("pool", "")), config)


def _need_free(api: Api, doing: str, vmid: int) -> None:
    try:
        free = api.call(doing, "get", "cluster/nextid", vmid=vmid)
    except AlreadyExists:
        raise PROXMOX.unusable(doing, "leaves it out, though its VMID is taken") from None
    if str(free) != str(vmid):
        raise PROXMOX.unusable(doing, "does not say whether its VMID is free")


@contextmanager
def standing(doing: str) -> Iterator[None]:
    """For calls about a guest that was seen: gone between two of them, it is looked for again, and not missed."""
    try:
        yield
    except NotThere:
        raise PROXMOX.unusable(doing, "says that it has just gone or moved") from None


def rows(api: Api) -> list[dict[str, Any]]:
    """Every guest that the portal may see, as the cluster lists it."""
    found = api.listed("listing the guests", "cluster/resources", type="vm")
    return [row | {"vmid": int(row["vmid"])} for row in found if row.get("type") == "qemu"]


def tags_of(shown: Mapping[str, Any]) -> list[str]:
    """Of a listing's line or a configuration."""
    return [one for one in str(shown.get("tags") or "").replace(",", ";").split(";") if one]
