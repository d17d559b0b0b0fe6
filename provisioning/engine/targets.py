"""From rows to what a handler is told: refs resolved, secrets at hand."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from provisioning import vault
from provisioning.domain.conditions import GOES_ON_TRYING, State
from provisioning.domain.handler import Target
from provisioning.domain.manifest import REF, refs, resolve
from provisioning.domain.secrets import Secret
from provisioning.kinds.base import Spec
from provisioning.models import Resource, Stack
from provisioning.vault import Sealed


@dataclass(frozen=True)
class Scene:
    """One stack's rows at one moment, by name, those that are `gone` apart; and what the vault held of them."""

    installation: str
    stack: Stack
    rows: Mapping[str, Resource]
    gone: Sequence[Resource]
    sealed: Sealed
    opened: dict[int, dict[str, Secret]] = field(default_factory=dict)
    needed: dict[int, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, stack_id: int, installation: str) -> "Scene":
        """As it is now. The stack before its rows: who moves both is noticed by the older one of the two."""
        stack = Stack.objects.defer("manifest", "placement").get(pk=stack_id)
        return cls.read(stack, installation)

    @classmethod
    def read(cls, stack: Stack, installation: str) -> "Scene":
        """The rows as they are now, of a stack that was read before."""
        rows = list(stack.resources.order_by("pk"))
        live = {row.name: row for row in rows if row.state != State.GONE}
        sealed = vault.sealed([row.pk for row in live.values() if row.declares.secrets])
        return cls(installation, stack, live, [row for row in rows if row.state == State.GONE], sealed)

    def next_due(self, now: datetime, away: Collection[str]) -> tuple[Resource | None, timedelta | None]:
        """The most urgent due row, those not at rest first; else how long until the earliest look."""
        movable = [r for r in self.rows.values() if r.next_look and r.platform not in away and self.can_move(r)]
        due = [r for r in movable if r.next_look and r.next_look <= now]
        if due:
            return min(due, key=lambda r: (r.condition_is_rest, r.next_look, r.pk)), None
        unrest = [r.next_look - now for r in movable if r.next_look and not r.condition_is_rest]
        return None, min(unrest, default=None)

    def needs(self, row: Resource) -> frozenset[str]:
        """The names that this row's spec refers to; no step of the engine changes a spec."""
        if row.pk not in self.needed:
            self.needed[row.pk] = frozenset(ref.resource for ref in refs(row.spec))
        return self.needed[row.pk]

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
        # A late create is looked for where it was sent to: beside what may be gone by now.
        remembered = () if row.wish == Resource.Wish.PRESENT else self.gone
        outputs = {r.name: r.outputs for r in (*remembered, *self.rows.values())}
        try:
            return row.declares.parse(resolve(row.spec, outputs))
        except KeyError:
            if row.wish == Resource.Wish.PRESENT:
                raise
            return None

    def target(self, row: Resource, fresh: Mapping[str, Secret] | None = None) -> Target:
        """What the handler is told. `fresh`: secrets that have just been made for it, and are kept."""
        if fresh:
            self.opened[row.pk] = {**self._secrets(row.pk), **fresh}
        return Target(
            name=row.name,
            full_name=row.full_name(self.installation),
            marker=row.marker(self.installation),
            incarnation=row.incarnation,
            spec=self.spec(row),
            external_id=row.external_id or None,
            handle=row.handle or None,
            purge=row.purge and row.wish == Resource.Wish.ABSENT,
            secrets=self._secrets(row.pk),
            ref_secrets={f: self._secrets(pk) for f, pk in self._others(row).items()},
        )

    def _secrets(self, row_id: int) -> dict[str, Secret]:
        if row_id not in self.opened:
            self.opened[row_id] = vault.opened(self.sealed.get(row_id, {}))
        return self.opened[row_id]

    def _others(self, row: Resource) -> dict[str, int]:
        """The rows that whole fields of the spec refer to, by field."""
        fields = {f: _resource_of(v) for f, v in row.spec.items()}
        return {f: self.rows[name].pk for f, name in fields.items() if name in self.rows}


def was_sent(row: Resource) -> bool:
    """It may exist: something was sent for it, or seen of it."""
    return bool(row.intent or row.external_id or row.handle or row.ever_seen)


def _resource_of(value: Any) -> str:
    """The resource that a spec's field refers to as a whole, or ''."""
    if isinstance(value, Mapping) and isinstance(text := value.get(REF), str):
        return text.partition(".")[0]
    return ""
