"""From rows to what a handler is told: refs resolved, secrets at hand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.handler import Target
from provisioning.domain.manifest import REF, refs, resolve
from provisioning.domain.secrets import Secret
from provisioning.kinds.base import Spec
from provisioning.models import Resource

Stored = dict[int, dict[str, Secret]]  # resource id -> field -> secret


@dataclass(frozen=True)
class Scene:
    """The rows of one stack at one moment, by name."""

    installation: str
    rows: Mapping[str, Resource]

    @classmethod
    def of(cls, stack_id: int, installation: str) -> "Scene":
        """The stack's rows as they are now, without those that are gone."""
        rows = Resource.objects.filter(stack_id=stack_id).exclude(state=State.GONE).order_by("pk")
        seen = rows.select_related("stack").defer("stack__manifest", "stack__placement")
        return cls(installation, {row.name: row for row in seen})

    def next_due(self, now: datetime, away: Collection[str]) -> tuple[Resource | None, timedelta | None]:
        """The most urgent due row, those not at rest first; else how long until the earliest look."""
        movable = [r for r in self.rows.values() if r.next_look and r.platform not in away and self.can_move(r)]
        due = [r for r in movable if r.next_look and r.next_look <= now]
        if due:
            return min(due, key=lambda r: (r.condition_is_rest, r.next_look, r.pk)), None
        unrest = [r.next_look - now for r in movable if r.next_look and not r.condition_is_rest]
        return None, min(unrest, default=None)

    def needs(self, row: Resource) -> set[str]:
        """The names that this row's spec refers to."""
        return {ref.resource for ref in refs(row.spec)}

    def dependents(self, row: Resource) -> list[Resource]:
        """Live rows that refer to this one."""
        live = (r for r in self.rows.values() if r.state != State.GONE and r.pk != row.pk)
        return [r for r in live if row.name in self.needs(r)]

    def can_move(self, row: Resource) -> bool:
        """Nothing that it needs, or that needs it, stands in its way."""
        if row.state in (State.GONE, State.FAILED):
            return False
        if row.state == State.BLOCKED and row.reason not in GOES_ON_TRYING:
            return False
        if row.wish == Resource.Wish.ABSENT:
            return row.orphan or not self.dependents(row)
        return all(self._stands(self.rows.get(name), row) for name in self.needs(row))

    def _stands(self, needed: Resource | None, row: Resource) -> bool:
        if row.wish != Resource.Wish.PRESENT:
            return True  # kept as it is: only looked at
        if needed is None or not needed.outputs:
            return False
        return row.ever_seen or needed.state == State.READY

    def spec(self, row: Resource) -> Spec | None:
        """The row's spec, refs resolved. None when it is not to be made and what it refers to is not known (any
        more): what was never wanted long enough to be made, and what the census found without a row.
        """
        if row.wish != Resource.Wish.PRESENT and not row.spec:
            return None
        outputs = {name: r.outputs for name, r in self.rows.items()}
        try:
            return row.declares.parse(resolve(row.spec, outputs))
        except KeyError:
            if row.wish == Resource.Wish.PRESENT:
                raise
            return None

    def secrets(self, row: Resource) -> Stored:
        """What the vault holds for this row and for those that its spec refers to."""
        others = self._others(row).values()
        return vault.read([row.pk, *others]) if row.declares.secrets or others else {}

    def target(self, row: Resource, stored: Stored | None = None) -> Target:
        """What the handler is told. `stored`: what `secrets` gave for it a moment ago."""
        stored = self.secrets(row) if stored is None else stored
        return Target(
            name=row.name,
            full_name=row.full_name(self.installation),
            marker=row.marker(self.installation),
            incarnation=row.incarnation,
            spec=self.spec(row),
            external_id=row.external_id or None,
            handle=row.handle or None,
            purge=row.purge and row.wish == Resource.Wish.ABSENT,
            secrets=stored.get(row.pk, {}),
            ref_secrets={f: stored.get(pk, {}) for f, pk in self._others(row).items()},
        )

    def _others(self, row: Resource) -> dict[str, int]:
        """The rows that whole fields of the spec refer to, by field."""
        fields = {f: _resource_of(v) for f, v in row.spec.items()}
        return {f: self.rows[name].pk for f, name in fields.items() if name in self.rows}


def was_sent(row: Resource) -> bool:
    """It may exist: something was sent for it, or seen of it."""
    return bool(row.intent or row.external_id or row.handle or row.ever_seen)


# A person is told after ten minutes, but these mend themselves and are tried all the time.
GOES_ON_TRYING = frozenset({"PlatformUnavailable", "PlatformBusy", "DatabaseRestored"})


def _resource_of(value: Any) -> str:
    """The resource that a spec's field refers to as a whole, or ''."""
    if isinstance(value, Mapping) and isinstance(text := value.get(REF), str):
        return text.partition(".")[0]
    return ""
