"""`openstack.router`: joins subnets of a project, and them to the outside where that is wanted."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Outcome
from provisioning.providers.openstack.client.errors import NotThere
from provisioning.providers.openstack.handlers.marked import Marked


@dataclass(frozen=True)
class RouterHandler(Marked):
    """`external_network` is the region file's name of the way out."""

    external_network: str | None

    noun = "router"
    words = {"project": "project_id", "enabled": "is_admin_state_up"}

    def create(self, target: Target) -> Outcome:
        """The router, then its legs. Stopped between them, it shows without, as a difference."""
        made = super().create(target)
        id = str(made.external_id)
        if target.spec.outside:
            self._lead_outside(target, id, outside=True)
        self._join(target, id, target.spec.declared()["subnets"])
        return made

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Legs that are too many go, those that lack come."""
        super().update(target, after)
        id = str(target.external_id)
        if "outside" in after:
            self._lead_outside(target, id, outside=after["outside"])
        if "subnets" in after:
            have = set(self._subnets(id))
            self._leave(target, id, sorted(have - set(after["subnets"])))
            self._join(target, id, sorted(set(after["subnets"]) - have))
        return Outcome(external_id=id)

    def delete(self, target: Target) -> Outcome:
        """Its own legs are drawn in first."""
        assert target.external_id
        self._leave(target, target.external_id, self._subnets(target.external_id))
        return super().delete(target)

    def shape(self, target: Target, one: Any) -> dict[str, Any]:
        """`outside` says which other network, where it leads to one that nobody named."""
        gateway = (one.external_gateway_info or {}).get("network_id")
        outside = bool(gateway) if gateway in {None, self._outside()} else gateway
        return super().shape(target, one) | {"subnets": self._subnets(one.id), "outside": outside}

    def is_empty(self, one: Any) -> bool:
        """It joins nothing."""
        return not self._subnets(one.id)

    def _subnets(self, id: str) -> list[str]:
        found = self.cloud.listed("reading the legs of a router", "network", "port", device_id=id)
        legs = [port for port in found if port.device_id == id and port.device_owner != "network:router_gateway"]
        return sorted({address["subnet_id"] for port in legs for address in port.fixed_ips})

    def _join(self, target: Target, id: str, subnets: list[str]) -> None:
        doing = f"joining subnets to the router {target.full_name}"
        for subnet in subnets:
            with self.cloud.calling(doing) as connection:
                connection.network.add_interface_to_router(id, subnet_id=subnet)

    def _leave(self, target: Target, id: str, subnets: list[str]) -> None:
        doing = f"taking subnets off the router {target.full_name}"
        for subnet in subnets:
            with suppress(NotThere), self.cloud.calling(doing) as connection:
                connection.network.remove_interface_from_router(id, subnet_id=subnet)

    def _lead_outside(self, target: Target, id: str, *, outside: bool) -> None:
        where = {"network_id": self._outside()} if outside else {}
        if outside and not where["network_id"]:
            raise PermanentError(
                "The platform has no external network; the region's operator must name one in the region file."
            )
        doing = f"changing the way out of the router {target.full_name}"
        self.cloud.read(doing, lambda c: c.network.update_router(id, external_gateway_info=where))

    def _outside(self) -> str | None:
        """None where the region file names none, or one that is not there."""
        if not self.external_network:
            return None
        words = {"name": self.external_network, "is_router_external": True}
        found = self.cloud.listed("looking for the external network", "network", "network", **words)
        return next((one.id for one in found if one.name == self.external_network), None)
