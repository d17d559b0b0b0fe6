"""Writing down a yes: the approved plan becomes wishes, specs and permits. Reads rows only; runs inside the
approval's transaction.
"""

from typing import Final

from django.db.models import F

from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Desired, Manifest
from provisioning.domain.plan import Action
from provisioning.engine import claims
from provisioning.kinds import KINDS
from provisioning.models import Plan, Resource, Stack, clock

Wish, Intent = Resource.Wish, Resource.Intent
# What people decide, and what a row lives through. Only these columns are written, so that a look that a worker
# records in the same moment is not overwritten.
_DECIDED: Final = ("kind", "platform", "spec", "retain", "wish", "purge", "permit")
_LIVED: Final = (
    "incarnation",
    "state",
    "gone_at",
    "external_id",
    "handle",
    "intent",
    "ever_seen",
    "seen",
    "outputs",
    "revealed_at",
)

# action -> what it permits the engine to do with the row
_PERMITS: Final[dict[str, list[str]]] = {
    Action.CREATE: ["create"],
    Action.RECREATE: ["recreate"],
    Action.UPDATE: ["update"],
    Action.DELETE: ["delete"],
    Action.RETAIN: [],
}


def apply(stack: Stack, plan: Plan) -> None:
    """Write the approved plan into the rows: wishes, specs, permits; every row's version moves."""
    manifest = Manifest.parse(plan.manifest)
    actions = {c["name"]: c["action"] for c in plan.changes}
    purged = {c["name"] for c in plan.changes if c["purge"]}
    rows = {r.name: r for r in stack.resources.all()}
    for desired in manifest.resources:
        _want(stack, desired, rows.get(desired.name), actions.get(desired.name, ""))
    for name, row in rows.items():
        if row.state == State.GONE or manifest.get(name) or row.orphan:
            continue
        _unwant(row, actions.get(name, ""), purge=name in purged)
    Resource.objects.filter(stack=stack).update(version=F("version") + 1, absent_since=None)
    stack.resources.exclude(state=State.GONE).update(
        state=State.PENDING,
        reason="",
        message="",
        next_look=clock.now(),
        attempts=0,
        failures=0,
        trouble_since=None,
    )


def _want(stack: Stack, desired: Desired, row: Resource | None, action: str) -> None:
    row, fields = row or Resource(stack=stack, name=desired.name), list(_DECIDED)
    kind = KINDS[desired.kind]
    if row.state == State.GONE:
        fields += _reopen(row)
    elif row.intent == Intent.DELETE and kind.bears_data:  # that delete was final: what is wanted now is the next
        if row.external_id:
            claims.make_orphan(row, row.external_id, row.exact_name or row.name, purge=True)
        fields += _reopen(row)
    row.kind, row.platform = desired.kind, desired.platform
    row.spec, row.retain = dict(desired.spec), desired.retain
    row.wish, row.purge, row.permit = Wish.PRESENT, False, _PERMITS.get(action, [])
    row.save(update_fields=fields if row.pk else None)


def _reopen(row: Resource) -> list[str]:
    kind = row.declares
    if kind.bears_data or not kind.secret_recoverable:
        row.incarnation += 1
    if not kind.secret_recoverable:
        vault.forget(row)  # it was the former one's; the next one's is made on the far side
    row.state, row.gone_at, row.external_id, row.handle = State.PENDING, None, "", ""
    row.intent, row.ever_seen, row.seen, row.outputs, row.revealed_at = Intent.NONE, False, {}, {}, None
    return list(_LIVED)


def _unwant(row: Resource, action: str, *, purge: bool) -> None:
    if action == Action.RETAIN:
        row.wish, row.permit = Wish.RETAINED, []
    elif action == Action.DELETE:
        row.wish, row.permit, row.purge = Wish.ABSENT, ["delete"], purge or row.purge
    row.save(update_fields=["wish", "permit", "purge"])
