"""`openstack.user`: an identity of a town, with a password of ours. The description is the marker."""

from collections.abc import Mapping
from typing import Any

from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.openstack import UserSpec
from provisioning.providers.openstack.handlers.named import Named


class UserHandler(Named):
    """Nobody but the portal signs in with it, and only to make its application credential."""

    noun = "user"

    def observe(self, target: Target) -> Observation:
        found = self.found(target)
        if found is None:
            return Absent()
        ours = found.description == str(target.marker)
        return Present(found.id, {"enabled": found.is_enabled}, {"user": found.id}, ours=ours)

    def create(self, target: Target) -> Outcome:
        assert isinstance(target.spec, UserSpec)
        words = {"description": str(target.marker), "is_enabled": target.spec.enabled}
        return Outcome(external_id=self.made(target, password=target.secrets["password"].reveal(), **words))

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Disabled, none of its credentials opens anything, and every token that it has is void."""
        self.change(target, is_enabled=after["enabled"])
        return Outcome(external_id=target.external_id)
