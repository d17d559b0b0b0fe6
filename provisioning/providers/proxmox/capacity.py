"""What a cluster says of itself. Which node is at which site nobody tells: a platform of Proxmox has one site."""

from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.handler import Sample
from provisioning.providers.proxmox.client.api import Api

MIB: Final = 1 << 20
GIB: Final = 1 << 30


@dataclass(frozen=True)
class Capacity:
    """`sites` is the region file's."""

    api: Api
    sites: tuple[str, ...]

    def samples(self) -> list[Sample]:
        """Cores (used: those of guests that run), memory and shared image storage; nothing for several sites."""
        if len(self.sites) != 1:
            return []
        rows = self.api.listed("reading the cluster's resources", "cluster/resources")
        nodes = [row for row in rows if row.get("type") == "node" and row.get("status") == "online"]
        guests = [row for row in rows if row.get("type") == "qemu" and row.get("status") == "running"]
        stores = _shared_stores(rows)
        (site,) = self.sites
        return [
            Sample(site, "vcpus", _sum(nodes, "maxcpu"), _sum(guests, "maxcpu")),
            Sample(site, "ram_mib", _sum(nodes, "maxmem") // MIB, -(-_sum(nodes, "mem") // MIB)),
            Sample(site, "storage_gib", _sum(stores, "maxdisk") // GIB, -(-_sum(stores, "disk") // GIB)),
        ]

    def sites_down(self) -> list[str]:
        """The one site, when none of its nodes is online, or too few to agree: nothing can be started then. A node
        that stands alone has no cluster to agree with.
        """
        rows = self.api.listed("reading the state of the cluster", "cluster/status")
        up = any(str(row.get("online")) == "1" for row in rows if row.get("type") == "node")
        agreed = all(str(row.get("quorate")) == "1" for row in rows if row.get("type") == "cluster")
        return [] if up and agreed else list(self.sites)


def _shared_stores(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each once, though every node lists it."""
    found = {}
    for row in rows:
        stands = str(row.get("shared")) == "1" and row.get("status") == "available"
        if row.get("type") == "storage" and stands and "images" in str(row.get("content", "")).split(","):
            found[row.get("storage")] = row
    return list(found.values())


def _sum(rows: list[dict[str, Any]], name: str) -> int:
    return int(sum(float(row.get(name) or 0) for row in rows))
