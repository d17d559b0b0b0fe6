"""`openstack.project`: a town's project and its quotas. A tag is the marker; the name is taken once in a domain."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from provisioning.domain.errors import PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.openstack import ProjectSpec
from provisioning.providers.openstack.client.errors import NotThere
from provisioning.providers.openstack.handlers.named import Named

# The spec's words, and those of Nova and of Neutron.
_COMPUTE: Final = {"servers": "instances", "vcpus": "cores", "ram_mib": "ram"}
_NETWORK: Final = (
    "networks", "subnets", "routers", "ports", "floating_ips", "security_groups", "security_group_rules",
)  # fmt: skip

# What Keystone would leave behind without a word when the project goes, and whom nobody could reach then.
_INSIDE: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "servers": lambda c, id: c.compute.servers(details=False, all_projects=True, project_id=id, limit=1),
    "images": lambda c, id: c.image.images(owner=id, limit=1),
    "routers": lambda c, id: c.network.routers(project_id=id, limit=1),
    "ports": lambda c, id: c.network.ports(project_id=id, limit=1),
    "networks": lambda c, id: c.network.networks(project_id=id, limit=1),
    "security groups": lambda c, id: (one for one in _groups(c, id) if one.name != _BY_ITSELF),
}
# The security group that Neutron makes in every project, and makes anew when it is asked for those of one.
_BY_ITSELF: Final = "default"


class ProjectHandler(Named):
    """Its quotas are as Nova and Neutron enforce them."""

    noun = "project"

    def observe(self, target: Target) -> Observation:
        found = self.found(target)
        if found is None:
            return Absent()
        doing = f"reading the quotas of {found.name}"
        compute = self.cloud.read(doing, lambda c: c.compute.get_quota_set(found.id))
        network = self.cloud.read(doing, lambda c: c.network.get_quota(found.id))
        attributes = {"enabled": found.is_enabled}
        attributes |= {ours: getattr(compute, theirs) for ours, theirs in _COMPUTE.items()}
        attributes |= {name: getattr(network, name) for name in _NETWORK}
        return Present(found.id, attributes, {"project": found.id}, ours=str(target.marker) in found.tags)

    def create(self, target: Target) -> Outcome:
        """The project, then its quotas. Stopped between them, it shows with the cloud's own, as a difference."""
        made = self.made(target, is_enabled=_spec(target).enabled, tags=[str(target.marker)])
        self._limit(made, target)
        return Outcome(external_id=made)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Quotas below what is used are taken: they forbid more."""
        id = str(target.external_id)
        if "enabled" in after:
            self.change(target, is_enabled=after["enabled"])
        if set(after) - {"enabled"}:
            self._limit(id, target)
        return Outcome(external_id=id)

    def delete(self, target: Target) -> Outcome:
        """NotEmpty while anything of anybody's is in it. The group that Neutron made by itself goes too."""
        id = target.external_id
        assert id
        self._refuse_unless_empty(id)
        doing = f"removing the project {target.full_name}"
        for group in self.cloud.read(doing, lambda c: _groups(c, id)):
            if group.name == _BY_ITSELF:
                with suppress(NotThere):
                    self.cloud.delete(doing, "network", "security_group", group.id)
        for quota in (lambda c: c.compute.revert_quota_set(id), lambda c: c.network.delete_quota(id)):
            with suppress(NotThere):
                self.cloud.read(doing, quota)
        return super().delete(target)

    def _limit(self, id: str, target: Target) -> None:
        spec, doing = _spec(target), f"setting the quotas of {target.full_name}"
        compute = {theirs: getattr(spec, ours) for ours, theirs in _COMPUTE.items()}
        network = {name: getattr(spec, name) for name in _NETWORK}
        self.cloud.read(doing, lambda c: c.compute.update_quota_set(id, force=True, **compute))
        self.cloud.read(doing, lambda c: c.network.update_quota(id, force=True, **network))

    def _refuse_unless_empty(self, id: str) -> None:
        doing = f"looking for what is in the project {id}"
        with self.cloud.calling(doing) as connection:
            holds = [word for word, listed in _INSIDE.items() if any(listed(connection, id))]
        if holds:
            raise PermanentError(
                f"The project still holds {', '.join(holds)}; whoever asked for its removal must empty it first.",
                reason="NotEmpty",
            )


def _groups(connection: Any, project: str) -> list[Any]:
    return list(connection.network.security_groups(project_id=project))


def _spec(target: Target) -> ProjectSpec:
    assert isinstance(target.spec, ProjectSpec)
    return target.spec
