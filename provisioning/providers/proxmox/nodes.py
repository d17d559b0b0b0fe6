"""Which node to ask: any that is there for what all see, the one with most room for what is new."""

from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import TemporaryError
from provisioning.providers.proxmox.client.api import Api


@dataclass(frozen=True)
class Nodes:
    """The cluster's nodes and storages at one moment, in one call. TemporaryError where none of them will do."""

    rows: list[dict[str, Any]]

    @classmethod
    def read(cls, api: Api) -> "Nodes":
        """As they are now."""
        return cls(api.listed("reading the cluster's nodes and storages", "cluster/resources"))

    def with_storage(self, storage: str) -> str:
        """A node on which that storage answers."""
        found = sorted(self._answering(storage))
        if not found:
            raise _nowhere(storage)
        return found[0]

    def roomiest(self, *storages: str) -> str:
        """Of the nodes that see all of `storages` the one with most free memory."""
        up = [row for row in self.rows if row.get("type") == "node" and row.get("status") == "online"]
        fits = [row for row in up if all(row["node"] in self._answering(one) for one in storages)]
        if not fits:
            raise _nowhere(" and ".join(sorted(set(storages))))
        return str(max(fits, key=_free)["node"])

    def kind_of(self, storage: str) -> str:
        """As Proxmox calls it: `rbd`, `dir`."""
        return next((str(row.get("plugintype", "")) for row in self._storages(storage)), "")

    def importing(self) -> list[str]:
        """Storages that take images and answer somewhere."""
        found = {
            str(row["storage"])
            for row in self.rows
            if row.get("type") == "storage"
            and row.get("status") == "available"
            and "import" in str(row.get("content", "")).split(",")
        }
        return sorted(found)

    def stores(self) -> list[tuple[str, frozenset[str], int]]:
        """Name, content and free bytes of each storage that answers and is the same on every node."""
        alone = sum(row.get("type") == "node" for row in self.rows) == 1
        found = {}
        for row in self.rows:
            if row.get("type") != "storage" or row.get("status") != "available":
                continue
            if alone or str(row.get("shared")) == "1":
                free = int(row.get("maxdisk") or 0) - int(row.get("disk") or 0)
                name = str(row["storage"])
                found[name] = (name, frozenset(str(row.get("content", "")).split(",")), free)
        return list(found.values())

    def _answering(self, storage: str) -> set[str]:
        return {str(row["node"]) for row in self._storages(storage) if row.get("status") == "available"}

    def _storages(self, storage: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if row.get("type") == "storage" and row.get("storage") == storage]


def _free(row: dict[str, Any]) -> tuple[int, str]:
    return int(row.get("maxmem") or 0) - int(row.get("mem") or 0), str(row["node"])


def _nowhere(what: str) -> TemporaryError:
    return TemporaryError(
        f"No node of Proxmox that is up has {what}; the portal tries again by itself.", unsent=True
    )
