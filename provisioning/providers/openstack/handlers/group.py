"""`openstack.group`: who shares the rights of a town. The description is the marker."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.openstack import GroupSpec
from provisioning.providers.openstack.client.errors import NotThere
from provisioning.providers.openstack.handlers.named import Named


class GroupHandler(Named):
    """Exactly the declared members."""

    noun = "group"

    def observe(self, target: Target) -> Observation:
        found = self.found(target)
        if found is None:
            return Absent()
        ours = found.description == str(target.marker)
        return Present(found.id, {"members": self._members(found.id)}, {"group": found.id}, ours=ours)

    def create(self, target: Target) -> Outcome:
        """The group, then its members. Stopped between them, it shows without, as a difference."""
        made = self.made(target, description=str(target.marker))
        self._make_so(made, set(_spec(target).members))
        return Outcome(external_id=made)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Members who are too many go, those who lack come."""
        self._make_so(str(target.external_id), set(_spec(target).members))
        return Outcome(external_id=target.external_id)

    def _members(self, id: str) -> list[str]:
        doing = f"reading the members of the group {id}"
        with self.cloud.calling(doing) as connection:
            return sorted(one.id for one in connection.identity.group_users(id))

    def _make_so(self, id: str, wanted: set[str]) -> None:
        doing, have = f"changing the members of the group {id}", set(self._members(id))
        for user in sorted(have - wanted):
            with suppress(NotThere), self.cloud.calling(doing) as connection:
                connection.identity.remove_user_from_group(user, id)
        for user in sorted(wanted - have):
            with self.cloud.calling(doing) as connection:
                connection.identity.add_user_to_group(user, id)


def _spec(target: Target) -> GroupSpec:
    assert isinstance(target.spec, GroupSpec)
    return target.spec
