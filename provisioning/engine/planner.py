"""What approving would change, computed from what is really there. It looks and saves; it changes nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from provisioning.domain.conditions import State
from provisioning.domain.errors import ProviderError, StackBusy
from provisioning.domain.manifest import Desired, Manifest, Placement, digest, refs, resolve
from provisioning.domain.observation import Absent, Observation, Present
from provisioning.domain.plan import Action, Change, difference
from provisioning.engine import breaker, retention
from provisioning.engine.outside import outside
from provisioning.engine.reconciler import Surroundings
from provisioning.engine.targets import Scene
from provisioning.kinds import KINDS
from provisioning.models import Plan, Resource, Stack, clock

Wish = Resource.Wish
_UNKNOWN: Final = "(known once it exists)"


def propose(
    stack: Stack, manifest: Manifest, placement: Placement, around: Surroundings, purge: Iterable[str] = ()
) -> Plan:
    """Look at everything the stack has, and save what would change. StackBusy while work is under way."""
    scene = Scene.read(stack, around.installation)
    rows = scene.rows
    # What is given up as a whole need not get ready first; an operation alone gives its whole stack up.
    given_up = stack.purpose == Stack.Purpose.OPERATION and not manifest.resources
    if not given_up and any(r.state in _AT_WORK and scene.can_move(r) for r in rows.values()):
        raise StackBusy("Work on this subscription is under way; a plan is made when it rests.")
    versions = dict(stack.resources.values_list("name", "version"))
    eye = _Eye(scene, around)
    wanted = [_wanted(d, rows.get(d.name), eye) for d in manifest.resources]
    changes = [c for c in wanted if c] + _unwanted(manifest, rows, frozenset(purge))
    body = {
        "manifest": manifest.as_json(),
        "placement": placement.as_json(),
        "changes": [c.as_json() for c in changes],
        "row_versions": versions,
    }
    Plan.objects.filter(stack=stack, state=Plan.State.PROPOSED).update(state=Plan.State.SUPERSEDED)
    return Plan.objects.create(
        stack=stack,
        generation=stack.generation,
        unseen=sorted(eye.unseen),
        digest=digest({**body, "stack": stack.key, "generation": stack.generation}),
        created_at=clock.now(),
        **body,
    )


_AT_WORK: Final = frozenset({State.PENDING, State.PROGRESSING})


@dataclass
class _Eye:
    """Looks at existing rows, and remembers which platforms could not be looked at."""

    scene: Scene
    around: Surroundings
    unseen: set[str] = field(default_factory=set)

    def look(self, row: Resource) -> Observation | None:
        """What is there, or None when nobody could say."""
        provider = self.around.provider(row.platform)
        if provider is None or row.platform in self.unseen | breaker.open_platforms():
            self.unseen.add(row.platform)
            return None
        try:
            return outside(lambda: provider.handlers[row.kind].observe(self.scene.target(row)))
        except KeyError:
            return None  # what it refers to has no outputs yet, so it was never made
        except ProviderError:
            self.unseen.add(row.platform)
            return None


def _wanted(desired: Desired, row: Resource | None, eye: _Eye) -> Change | None:
    change = partial(Change, name=desired.name, kind=desired.kind, platform=desired.platform)
    after = _readable(desired.spec)
    if row is None:
        return change(action=Action.CREATE, after=after, reason="It does not exist yet.")
    seen = eye.look(row)
    if isinstance(seen, Absent) and row.ever_seen:
        empty = ", empty" if KINDS[row.kind].bears_data else ""
        return change(action=Action.RECREATE, after=after, reason=f"It vanished; it is made again{empty}.")
    if not row.ever_seen and not isinstance(seen, Present):
        return change(action=Action.CREATE, after=after, reason="It does not exist yet.")
    found = dict(seen.attributes) if isinstance(seen, Present) else dict(row.seen)
    return _changed(desired, row, found, eye.scene, change)


def _changed(
    desired: Desired, row: Resource, found: Mapping[str, Any], scene: Scene, change: Callable[..., Change]
) -> Change | None:
    before, now = difference(_declared(desired, scene), found)
    if now:
        return change(action=Action.UPDATE, before=before, after=now, reason="It differs from what is wanted.")
    if row.wish != Wish.PRESENT:
        return change(action=Action.UPDATE, reason="It was to go, and is wanted again.")
    if row.intent:
        return change(action=Action.UPDATE, reason="The answer to the last change was lost.")
    return None


def _declared(desired: Desired, scene: Scene) -> dict[str, Any]:
    outputs = {name: r.outputs for name, r in scene.rows.items()}
    try:
        return KINDS[desired.kind].parse(resolve(desired.spec, outputs)).declared()
    except KeyError:  # it refers to something that is new in this plan
        known = {k: v for k, v in desired.spec.items() if not list(refs(v))}
        return known | {k: _UNKNOWN for k, v in desired.spec.items() if list(refs(v))}


def _readable(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A new thing's shape: what refers to another resource is named by it."""
    return {k: next((f"→ {r.resource}" for r in refs(v)), v) for k, v in spec.items() if v is not None}


def _unwanted(manifest: Manifest, rows: Mapping[str, Resource], purge: frozenset[str]) -> list[Change]:
    kept = retention.kept(manifest, rows, purge)
    changes = []
    for row in rows.values():
        if manifest.get(row.name) or row.orphan or (row.wish == Wish.ABSENT and row.name not in kept):
            continue
        change = partial(Change, name=row.name, kind=row.kind, platform=row.platform, before=dict(row.seen))
        if row.name in kept:
            changes.append(change(action=Action.RETAIN, reason="Its data is kept until its date."))
            continue
        data = row.name in purge and row.declares.bears_data
        why = "It is no longer wanted; it is removed" + (" with all its data, for good." if data else ".")
        changes.append(change(action=Action.DELETE, reason=why, purge=data))
    return changes
