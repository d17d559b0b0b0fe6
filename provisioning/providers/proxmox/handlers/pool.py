"""`proxmox.pool`: where a town's guests lie. The comment is the marker."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.proxmox import PoolSpec
from provisioning.providers.instant import Instant
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import PROXMOX, NotThere


@dataclass(frozen=True)
class PoolHandler(Instant):
    """The id is the full name."""

    api: Api

    def observe(self, target: Target) -> Observation:
        """With its storages; its guests are rows of their own."""
        id = target.external_id or target.full_name
        doing = f"reading the pool {id}"
        try:
            found = self.api.listed(doing, "pools", poolid=id)
        except NotThere:
            return Absent()
        if len(found) != 1 or found[0].get("poolid") != id:
            raise PROXMOX.unusable(doing, "was about something else")
        members = found[0].get("members") or []
        storages = {str(one["storage"]) for one in members if one.get("type") == "storage"}
        return Present(
            external_id=id,
            attributes={"storages": sorted(storages)},
            outputs={"pool": id, "path": f"/pool/{id}"},
            ours=found[0].get("comment") == str(target.marker),
        )

    def create(self, target: Target) -> Outcome:
        """The pool, then its storages. Stopped between them, it shows without, as a difference."""
        id = target.full_name
        self.api.call(f"creating the pool {id}", "post", "pools", poolid=id, comment=str(target.marker))
        self._add(id, _spec(target).storages)
        return Outcome(external_id=id)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Storages that are too many go, those that lack come."""
        id = target.external_id or target.full_name
        seen = self.observe(target)
        have = set(seen.attributes["storages"]) if isinstance(seen, Present) else set()
        wanted = set(_spec(target).storages)
        if gone := sorted(have - wanted):
            doing = f"taking storages out of the pool {id}"
            self.api.call(doing, "put", "pools", poolid=id, storage=",".join(gone), delete=1)
        self._add(id, sorted(wanted - have))
        return Outcome(external_id=id)

    def delete(self, target: Target) -> Outcome:
        """NotEmpty while a guest is in it; its own storages are let go first."""
        assert target.external_id
        seen = self.observe(target)
        if not isinstance(seen, Present):
            return Outcome()
        if storages := seen.attributes["storages"]:
            doing = f"taking storages out of the pool {target.external_id}"
            self.api.call(doing, "put", "pools", poolid=target.external_id, storage=",".join(storages), delete=1)
        with suppress(NotThere):
            self.api.call(f"removing the pool {target.external_id}", "delete", "pools", poolid=target.external_id)
        return Outcome()

    def _add(self, id: str, storages: Any) -> None:
        if storages:
            self.api.call(
                f"adding storages to the pool {id}", "put", "pools", poolid=id, storage=",".join(storages)
            )


def _spec(target: Target) -> PoolSpec:
    assert isinstance(target.spec, PoolSpec)
    return target.spec
