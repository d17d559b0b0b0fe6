"""`openstack.credential`: an application credential of a town's user, with a secret of ours.

Keystone lets nobody make one for somebody else, so it is made in the user's own name, with the password that the
vault keeps. It is good for one project, and for no more than its role there. The description is the marker.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.openstack import CredentialSpec
from provisioning.providers.instant import Instant
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere


@dataclass(frozen=True)
class CredentialHandler(Instant):
    """The external id is `user credential`: Keystone looks for the one under the other."""

    cloud: Cloud

    def observe(self, target: Target) -> Observation:
        """Absent too when its user is gone: it went with it."""
        found = self._found(target)
        if found is None:
            return Absent()
        user, one = found
        roles = sorted(role["name"] for role in one.roles)
        wanted = target.spec.role if isinstance(target.spec, CredentialSpec) else ""
        shown = {
            "user": user,
            "project": one.project_id,
            "role": wanted if wanted in roles else " ".join(roles),  # Keystone adds the roles that it implies
            "restricted": not one.unrestricted,
        }
        ours = one.description == str(target.marker)
        return Present(f"{user} {one.id}", shown, {"credential": one.id}, ours=ours)

    def create(self, target: Target) -> Outcome:
        """Made by the user himself: AlreadyExists when he has one of that name."""
        spec = _spec(target)
        words = {"description": str(target.marker), "unrestricted": not spec.restricted}
        doing = f"making the credential {target.full_name}"
        who = {"user_id": spec.user, "project_id": spec.project}
        who["password"] = target.ref_secrets["user"]["password"].reveal()
        with self.cloud.signed_in(doing, **who) as his:
            made = his.identity.create_application_credential(
                spec.user,
                target.full_name,
                secret=target.secrets["secret"].reveal(),
                roles=[{"name": spec.role}],
                **words,
            )
        return Outcome(external_id=f"{spec.user} {made.id}")

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Keystone changes none."""
        raise PermanentError("A credential cannot change; whoever asked for it must have another one made.")

    def delete(self, target: Target) -> Outcome:
        """It opens nothing from then on."""
        assert target.external_id
        user, id = target.external_id.split(" ")
        with suppress(NotThere), self.cloud.calling(f"removing the credential {target.full_name}") as connection:
            connection.identity.delete_application_credential(user, id, ignore_missing=False)
        return Outcome()

    def _found(self, target: Target) -> tuple[str, Any] | None:
        doing = f"reading the credential {target.full_name}"
        if not target.external_id:
            user = _spec(target).user
            words = {"user": user, "name": target.full_name}
            with suppress(NotThere):  # nor is the user: they went together
                there = self.cloud.read(doing, lambda c: list(c.identity.application_credentials(**words)))
                return next(((user, one) for one in there if one.name == target.full_name), None)
            return None
        user, id = target.external_id.split(" ")
        with suppress(NotThere):
            return user, self.cloud.read(doing, lambda c: c.identity.get_application_credential(user, id))
        return None


def _spec(target: Target) -> CredentialSpec:
    assert isinstance(target.spec, CredentialSpec)
    return target.spec
