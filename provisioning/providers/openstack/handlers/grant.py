"""`openstack.grant`: a role of a group on a project. It carries no marker: its group does."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.openstack import GrantSpec
from provisioning.providers.instant import Instant
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere

# Whoever has one of these on any project may do anything in the whole cloud.
_NEVER: Final = frozenset({"admin", "service"})


@dataclass(frozen=True)
class GrantHandler(Instant):
    """The external id is `project role group`, the role by its name: it has no blank in it."""

    cloud: Cloud

    def observe(self, target: Target) -> Observation:
        project, role, group = self._parts(target)
        words = {"group_id": group, "scope_project_id": project, "role_id": self._role(role)}
        found = self.cloud.listed(f"reading the roles on {project}", "identity", "role_assignment", **words)
        if not any(one.group and one.group["id"] == group and one.role["id"] == words["role_id"] for one in found):
            return Absent()
        shown = {"project": project, "role": role, "group": group}
        return Present(f"{project} {role} {group}", shown, {"role": role, "project": project})

    def create(self, target: Target) -> Outcome:
        """Keystone takes the same grant twice without a word; the engine wants to know."""
        project, role, group = self._parts(target)
        if role in _NEVER:
            raise PermanentError(f"The role {role} is for nobody's town; whoever asked for it must not have it.")
        if isinstance(self.observe(target), Present):
            raise AlreadyExists("This is granted already.")
        self._ask("put", f"granting {role} on {project}", target)
        return Outcome(external_id=f"{project} {role} {group}")

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """It is what it is from the first day."""
        raise PermanentError("A grant cannot change; whoever asked for it must have another one made.")

    def delete(self, target: Target) -> Outcome:
        """Taking away what is not there is no fault."""
        assert target.external_id
        project, role, _group = self._parts(target)
        with suppress(NotThere):
            self._ask("delete", f"taking {role} on {project} away", target)
        return Outcome()

    def _ask(self, verb: str, doing: str, target: Target) -> None:
        """The SDK's own words for it say nothing when Keystone refuses."""
        project, role, group = self._parts(target)
        path = f"/projects/{project}/groups/{group}/roles/{self._role(role)}"
        self.cloud.send(doing, "identity", verb, path)

    @staticmethod
    def _parts(target: Target) -> tuple[str, str, str]:
        if target.external_id:
            project, role, group = target.external_id.split(" ")
            return project, role, group
        assert isinstance(target.spec, GrantSpec)
        return target.spec.project, target.spec.role, target.spec.group

    def _role(self, name: str) -> str:
        found = self.cloud.listed(f"looking for the role {name}", "identity", "role", name=name)
        if not found:
            raise PermanentError(f"OpenStack has no role {name}; the region's operator must make it.")
        return str(found[0].id)
