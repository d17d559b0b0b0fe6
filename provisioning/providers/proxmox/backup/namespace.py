"""`proxmox.backup_namespace`: `<installation>/<stack>/<name>`, so that its name is its marker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.names import Marker
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.backup_server import NamespaceSpec
from provisioning.providers.instant import Instant
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import PROXMOX


@dataclass(frozen=True)
class NamespaceHandler(Instant):
    """The external id is `<store>:<namespace>`."""

    api: Api

    def observe(self, target: Target) -> Observation:
        store, namespace = _place(target)
        if namespace not in listed(self.api, store):
            return Absent()
        path = f"/datastore/{store}/{namespace}"
        outputs = {"namespace": namespace, "store": store, "path": path}
        return Present(f"{store}:{namespace}", {"store": store}, outputs)

    def create(self, target: Target) -> Outcome:
        """A level a call; those above are shared, and stay."""
        store, namespace = _place(target)
        there = listed(self.api, store)
        if namespace in there:
            raise AlreadyExists("A namespace of this name is there.")
        parts = namespace.split("/")
        for depth, name in enumerate(parts):
            parent = "/".join(parts[:depth])
            if "/".join(parts[: depth + 1]) not in there:
                words = {"name": name, **({"parent": parent} if parent else {})}
                self.api.call(
                    f"making the namespace {namespace}", "post", f"admin/datastore/{store}/namespace", **words
                )
        return Outcome(external_id=f"{store}:{namespace}")

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """What lies in one datastore does not move to another."""
        raise PermanentError("A namespace's datastore cannot change; whoever asked must have another one made.")

    def delete(self, target: Target) -> Outcome:
        """With the backups in it only when a plan said so in words."""
        store, namespace = _place(target)
        if namespace in listed(self.api, store):
            words = {"ns": namespace, **({"delete-groups": 1} if target.purge else {})}
            doing = f"removing the namespace {namespace}"
            self.api.call(doing, "delete", f"admin/datastore/{store}/namespace", **words)
        return Outcome()


def listed(api: Api, store: str) -> list[str]:
    """Every namespace of the datastore. The root, whose name is empty, is always there for who may see them all."""
    doing = f"listing the namespaces of {store}"
    found = [str(one.get("ns")) for one in api.listed(doing, f"admin/datastore/{store}/namespace")]
    if "" not in found:
        raise PROXMOX.unusable(doing, "lacks the root of it")
    return [name for name in found if name]


def marker_of(namespace: str) -> Marker | None:
    """Whose it is; None for one that is not the portal's."""
    return Marker.parse(namespace.replace("/", ".")) if namespace.count("/") == 2 else None


def _place(target: Target) -> tuple[str, str]:
    if target.external_id:
        store, _, namespace = target.external_id.partition(":")
        return store, namespace
    assert isinstance(target.spec, NamespaceSpec)
    last = target.name if target.incarnation == 1 else f"{target.name}-{target.incarnation}"
    return target.spec.store, f"{target.marker.installation}/{target.marker.stack}/{last}"
