"""What Keystone keeps in the portal's domain, where a name is taken once."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from provisioning.domain.handler import Target
from provisioning.domain.observation import Outcome
from provisioning.providers.instant import Instant
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere


@dataclass(frozen=True)
class Named(Instant):
    """Keystone's id is the external id."""

    cloud: Cloud

    noun: ClassVar[str]

    def delete(self, target: Target) -> Outcome:
        """What hangs on it in Keystone goes too: memberships, roles, credentials."""
        assert target.external_id
        with suppress(NotThere):
            self.cloud.delete(
                f"removing the {self.noun} {target.full_name}", "identity", self.noun, target.external_id
            )
        return Outcome()

    def made(self, target: Target, **words: Any) -> str:
        """The id of a new one. AlreadyExists when the name is taken."""
        words |= {"name": target.full_name, "domain_id": self.cloud.domain_id()}
        doing = f"making the {self.noun} {target.full_name}"
        return str(self.cloud.read(doing, lambda c: getattr(c.identity, f"create_{self.noun}")(**words)).id)

    def change(self, target: Target, **words: Any) -> None:
        """Exactly the recorded one."""
        doing = f"changing the {self.noun} {target.full_name}"
        self.cloud.read(doing, lambda c: getattr(c.identity, f"update_{self.noun}")(target.external_id, **words))

    def found(self, target: Target) -> Any:
        """By its id; without one, by its name. None when there is none."""
        doing = f"reading the {self.noun} {target.full_name}"
        if not target.external_id:
            words = {"domain_id": self.cloud.domain_id(), "name": target.full_name}
            there = self.cloud.listed(doing, "identity", self.noun, **words)
            return next((one for one in there if one.name == target.full_name), None)
        with suppress(NotThere):
            return self.cloud.read(doing, lambda c: getattr(c.identity, f"get_{self.noun}")(target.external_id))
        return None
