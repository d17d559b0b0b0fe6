"""What Neutron keeps for a town. Names are not unique there, so the marker is the description, which comes with the
create in one call; a tag would come after it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from provisioning.domain.errors import PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Many, Observation, Outcome, Present
from provisioning.providers.instant import Instant
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere


@dataclass(frozen=True)
class Marked(Instant):
    """Neutron's id is the external id. `words`: the spec's fields by the SDK's names for them."""

    cloud: Cloud

    noun: ClassVar[str]
    words: ClassVar[Mapping[str, str]]
    fixed: ClassVar[frozenset[str]] = frozenset({"project"})

    def observe(self, target: Target) -> Observation:
        """By its id; without one, by its project and the marker: the oldest first."""
        found = self._found(target)
        if not found:
            return Absent()
        if len(found) > 1:
            return Many(tuple(one.id for one in found), frozenset(one.id for one in found if self.is_empty(one)))
        (one,) = found
        return Present(
            one.id, self.shape(target, one), self.outputs(one), ours=one.description == str(target.marker)
        )

    def create(self, target: Target) -> Outcome:
        """Made twice there are two."""
        words = {theirs: getattr(target.spec, ours) for ours, theirs in self.words.items()}
        words |= {"name": target.full_name, "description": str(target.marker)}
        made = self._call(target, "create", lambda verb: verb(**words, **self.besides(target)))
        return Outcome(external_id=made.id)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        self.refuse_fixed(after)
        words = {theirs: after[ours] for ours, theirs in self.words.items() if ours in after}
        if words:
            self._call(target, "update", lambda verb: verb(target.external_id, **words))
        return Outcome(external_id=target.external_id)

    def delete(self, target: Target) -> Outcome:
        """InUse, and tried again, while something stands on it."""
        assert target.external_id
        with suppress(NotThere):
            doing = f"removing the {self._title} {target.full_name}"
            self.cloud.delete(doing, "network", self.noun, target.external_id)
        return Outcome()

    def shape(self, target: Target, one: Any) -> dict[str, Any]:
        """Its declared fields as they are."""
        return {ours: getattr(one, theirs) for ours, theirs in self.words.items()}

    def besides(self, target: Target) -> dict[str, Any]:
        """What the create needs and the spec does not say."""
        return {}

    def outputs(self, one: Any) -> dict[str, Any]:
        """What others refer to: its id, under its own name."""
        return {self.noun: one.id}

    def is_empty(self, one: Any) -> bool:
        """As a double it may go. What is in use Neutron itself does not let go."""
        return True

    def refuse_fixed(self, after: Mapping[str, Any]) -> None:
        """Some things are what they are from the first day."""
        if fixed := self.fixed & set(after):
            raise PermanentError(
                f"The {' and '.join(sorted(fixed))} of a {self._title} cannot change; whoever asked for it must "
                "have another one made."
            )

    @property
    def _title(self) -> str:
        return self.noun.replace("_", " ")

    def _found(self, target: Target) -> list[Any]:
        if target.external_id:
            try:
                return [self._call(target, "get", lambda verb: verb(target.external_id))]
            except NotThere:
                return []
        project, marker = target.spec.project, str(target.marker)
        doing = f"looking for the {self._title} {target.full_name}"
        found = self.cloud.listed(doing, "network", self.noun, project_id=project, description=marker)
        # A service that does not know a filter answers with everything.
        mine = [one for one in found if (one.project_id, one.description) == (project, marker)]
        return sorted(mine, key=lambda one: (one.created_at or "", one.id))

    def _call(self, target: Target, verb: str, call: Any) -> Any:
        doing = f"{_DOING[verb]} the {self._title} {target.full_name}"
        return self.cloud.read(doing, lambda c: call(getattr(c.network, f"{verb}_{self.noun}")))


_DOING = {"get": "reading", "create": "making", "update": "changing"}
