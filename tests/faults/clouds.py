"""What must hold on OpenStack after every case of level 2, whatever struck it. Read past the portal's own code.

It came to the same picture as without a fault: the same things under the same names, each once, and nothing beside
them. What stood before and was to stay is still the very same thing, what is others' did not move at all, each
thing has its row, and nobody asked for anything to go that was to stay.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.faults.auditor import of_the_cloud
from tests.faults.drill_auditor import Things, things
from tests.faults.rehearsal import Rehearsal
from tests.faults.workflows import end_of

_ID: Final = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b")
# What differs from run to run: moments, secrets, chance, and what was dealt out in the order of coming.
_OF_THE_RUN: Final = frozenset({
    "created_at", "updated_at", "revision_number", "created", "updated", "launched", "booted", "due", "sealed",
    "body", "host", "binding:host_id", "mac_address", "ip_address",
})  # fmt: skip
# A grant has no id of its own, and a quota none but its project's.
_IN_ROWS: Final = (
    "project", "user", "group", "credential", "network", "subnet", "router", "security_group", "port", "image",
    "server",
)  # fmt: skip


def picture(found: Things, stack: str) -> Counter[str]:
    """What is that stack's, without what differs from run to run; ids by what they are the id of."""
    names = _names(found)
    told = (f"{kind} {_shown(thing, names)}" for kind, of in found.items() for thing in of.values())
    return Counter(one for one in told if _marked(one, stack))


def _names(found: Things) -> dict[str, str]:
    """Id -> what it is called. A quota has its project's id, and no name."""
    named = ((id, kind, thing.get("name")) for kind, of in found.items() for id, thing in of.items())
    return {id: f"{kind} {name}" for id, kind, name in named if name}


def _marked(text: str, stack: str) -> bool:
    return f"mcloud.{stack}." in text or f"mcloud-{stack}-" in text


def _shown(thing: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return json.dumps(_plain(thing, names), sort_keys=True)


def _plain(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        kept = {
            key: one for key, one in value.items() if key not in _OF_THE_RUN and not _of_a_part(key, one, names)
        }
        return {key: _plain(one, names) for key, one in kept.items()}
    if isinstance(value, list):
        return sorted((_plain(one, names) for one in value), key=json.dumps)
    return _ID.sub(lambda met: names.get(met[0], met[0]), value) if isinstance(value, str) else value


def _of_a_part(key: str, value: Any, names: Mapping[str, str]) -> bool:
    """The rules of a security group have ids that nothing refers to."""
    return key == "id" and value not in names


@dataclass
class CloudRehearsal(Rehearsal):
    """`stays`: the ids of what stood before and after the rehearsal; `others`: what is not this stack's."""

    before: Things = field(default_factory=dict)
    stays: frozenset[str] = frozenset()
    came_to: Counter[str] = field(default_factory=Counter)

    def look_before(self) -> None:
        """On the cloud too."""
        super().look_before()
        self.before = things(self.stage)

    def learn(self) -> None:
        """And what it came to there; another workflow may begin at its end."""
        super().learn()
        self.stage.save(end_of(self.workflow.name))
        now = things(self.stage)
        self.came_to, self.stays = picture(now, self.stack), _ids(self.before) & _ids(now)

    def wrong(self, came_to: Mapping[str, Any], acts: int = 0) -> list[str]:
        """Every violation, the cloud's after all others."""
        return [*super().wrong(came_to, acts), *self.cloud(things(self.stage))]

    def cloud(self, now: Things) -> Iterable[str]:
        """What is wrong there."""
        if self.came_to:  # it was learned
            yield from _differences(self.came_to, picture(now, self.stack))
        was = _names(self.before)
        yield from (f"{was.get(id, id)} is gone, and was to stay." for id in self.stays - _ids(now))
        yield from _moved(_others(self.before, self.stack), _others(now, self.stack))
        yield from self._rows(now)
        yield from self._deletes()

    def _rows(self, now: Things) -> Iterable[str]:
        """Rows and things, one to one."""
        rows = self.stage.database.rows(
            "SELECT r.kind, r.external_id FROM provisioning_resource r"
            f" JOIN provisioning_stack s ON s.id = r.stack_id WHERE s.key = '{self.stack}' AND r.state <> 'gone'"
        )
        for kind in _IN_ROWS:
            # A credential's row says whose it is, too.
            known = Counter(id.split()[-1] for of, id in rows if of == f"openstack.{kind}" and id)
            mine = {id for id, thing in now.get(kind, {}).items() if _marked(json.dumps(thing), self.stack)}
            yield from (f"The {kind} {id} exists and no row knows it." for id in mine - set(known))
            yield from (f"The {kind} {id} is in {n} rows, and exists: {id in mine}." for id, n in known.items()
                        if n > 1 or id not in mine)  # fmt: skip

    def _deletes(self) -> Iterator[str]:
        """T25: on the wire, only what came since or was to go."""
        for call in self.stage.calls():
            about = set(_ID.findall(call["path"]))
            if call["method"] == "DELETE" and of_the_cloud(call) and about <= self.stays:
                yield f"A foreign delete on the wire: {call}"


def _ids(found: Things) -> frozenset[str]:
    return frozenset(id for of in found.values() for id in of)


def _others(found: Things, stack: str) -> dict[str, Any]:
    names = _names(found)
    return {
        f"{kind} {id}": thing
        for kind, of in found.items()
        for id, thing in of.items()
        if not _marked(_shown(thing, names), stack)
    }


def _moved(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for id in sorted(was.keys() | now.keys()):
        if was.get(id) != now.get(id):
            yield f"What is others' moved: {id} was {was.get(id)}, and is {now.get(id)}."


def _differences(expected: Counter[str], now: Counter[str]) -> Iterator[str]:
    yield from (f"It left, or made {n} times too often: {one}" for one, n in (now - expected).items())
    yield from (f"It lacks {n} of: {one}" for one, n in (expected - now).items())
