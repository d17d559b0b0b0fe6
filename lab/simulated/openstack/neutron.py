"""What is the same for everything that Neutron keeps: who sees it, how it is listed and changed, and its quotas."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from lab.simulated.openstack import errors, things
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer

_PAGING = frozenset({"limit", "marker", "page_reverse", "sort_key", "sort_dir", "fields"})


@dataclass(frozen=True)
class Noun:
    """A kind of thing of Neutron's: its words, and what a filter, a create and an update may name.

    `defaults` are the fields that whoever asks may give, with what they are when he does not.
    """

    kind: str
    plural: str
    missing: str  # the error's type
    sentence: str  # and its words
    defaults: Mapping[str, object]
    fixed: frozenset[str] = frozenset()

    def fields_of(self, given: Mapping[str, object], *, anew: bool) -> Thing:
        """Those of a body; Refused 400 for one that is not known, or that cannot change any more."""
        known = set(self.defaults) | {"project_id", "tenant_id"}
        if strange := set(given) - known:
            raise errors.neutron(400, "HTTPBadRequest", f"Unrecognized attribute(s) '{', '.join(sorted(strange))}'")
        if not anew and (stuck := set(given) & (self.fixed | {"project_id", "tenant_id"})):
            raise errors.neutron(400, "HTTPBadRequest", f"Cannot update read-only attribute {sorted(stuck)[0]}")
        return dict(given)


def project_of(call: Call, given: Mapping[str, object]) -> str:
    """Whose it will be; only the administrator makes things for others."""
    asked = str(given.get("project_id") or given.get("tenant_id") or call.caller.project)
    if asked != call.caller.project and not call.caller.is_admin:
        said = "Specifying 'project_id' other than the authenticated project in request is not allowed"
        raise errors.neutron(400, "HTTPBadRequest", f"{said} for the current user.")
    return asked


def sees(call: Call, thing: Thing) -> bool:
    """One's own, what is shared, and the ways out."""
    mine = thing.get("project_id") == call.caller.project
    return call.caller.is_admin or mine or bool(thing.get("shared") or thing.get("router:external"))


def found(call: Call, noun: Noun, id: str) -> Thing:
    """Refused 404, as for what is another's."""
    thing = things.get(call.store, noun.kind, id)
    if thing is None or not sees(call, thing):
        raise errors.neutron(404, noun.missing, noun.sentence.format(id=id))
    return thing


def owned(call: Call, noun: Noun, id: str) -> Thing:
    """For a change: what is only seen may not be changed."""
    thing = found(call, noun, id)
    if not call.caller.is_admin and thing["project_id"] != call.caller.project:
        raise errors.neutron(403, "PolicyNotAuthorized", f"rule:update_{noun.kind} is disallowed by policy")
    return thing


def add(call: Call, noun: Noun, given: Mapping[str, object], **more: object) -> Thing:
    """Within the project's quota; with everything that every thing of Neutron's has."""
    fields = noun.fields_of(given, anew=True)
    project = str(more.pop("project_id", None) or project_of(call, given))
    refuse_over_quota(call.store, noun.kind, project)
    return make(call.store, noun, project, **{**fields, **more, "project_id": project, "tenant_id": project})


def make(store: Store, noun: Noun, project: str, **fields: object) -> Thing:
    """Whatever the quota says."""
    now = things.stamp()
    both = {"project_id": project, "tenant_id": project, "tags": [], "created_at": now, "updated_at": now}
    return things.add(
        store, noun.kind, {"id": things.new_id(), **noun.defaults, **both, "revision_number": 1, **fields}
    )


def change(call: Call, noun: Noun, thing: Thing, given: Mapping[str, object]) -> Thing:
    fields = {**noun.fields_of(given, anew=False), "updated_at": things.stamp()}
    return things.put(call.store, noun.kind, thing | fields | {"revision_number": thing["revision_number"] + 1})


def page(call: Call, noun: Noun, every: Iterable[Thing]) -> Answer:
    """What fits and is seen, by id; Refused 404 for a page after what is not there."""
    wanted = {name: value for name, value in call.query.items() if name not in _PAGING}
    known = set(noun.defaults) | {"id", "project_id", "tenant_id", "status", "device_id", "device_owner"}
    if strange := set(wanted) - known:
        raise errors.neutron(400, "HTTPBadRequest", f"{sorted(strange)} is invalid attribute for filtering")
    fitting = [one for one in every if sees(call, one) and all(_fits(one, *pair) for pair in wanted.items())]
    fitting.sort(key=lambda one: str(one["id"]))
    if marker := call.query.get("marker"):
        found(call, noun, marker)
        fitting = [one for one in fitting if one["id"] > marker]
    limit = int(call.query.get("limit") or 0)
    content: Thing = {noun.plural: fitting[:limit] if limit else fitting}
    if limit and len(content[noun.plural]) == limit:
        following = urlencode({**call.query, "limit": limit, "marker": content[noun.plural][-1]["id"]})
        address = f"{call.root}/network/v2.0/{noun.plural.replace('_', '-')}?{following}"
        content[f"{noun.plural}_links"] = [{"rel": "next", "href": address}]
    return shown(content)


def _fits(thing: Thing, name: str, value: str) -> bool:
    has = thing.get(name)
    return str(has).lower() == value.lower() if isinstance(has, bool) else str(has) == value


# Neutron's own, where a project has none: resource to limit; -1 is none.
QUOTAS = {
    "network": 100, "subnet": 100, "subnetpool": -1, "port": 500, "router": 10, "floatingip": 50, "rbac_policy": 10,
    "security_group": 10, "security_group_rule": 100,
}  # fmt: skip


def refuse_over_quota(store: Store, kind: str, project: str, more: int = 1) -> None:
    limit = (things.get(store, "network_quota", project) or QUOTAS)[kind]
    if 0 <= limit < _used(store, kind, project) + more:
        raise errors.neutron(409, "OverQuota", f"Quota exceeded for resources: ['{kind}'].")


def _used(store: Store, kind: str, project: str) -> int:
    if kind != "security_group_rule":
        return len(things.every(store, kind, project_id=project))
    rules = (rule for group in things.every(store, "security_group") for rule in group["security_group_rules"])
    return sum(rule["project_id"] == project for rule in rules)


def _quota(store: Store, project: str) -> Thing:
    own = things.get(store, "network_quota", project) or {}
    return {name: own.get(name, limit) for name, limit in QUOTAS.items()}


def get_quota(call: Call) -> Answer:
    project = call.ids["project"]
    if project != call.caller.project:
        _only_admin(call, "get_quota")
    return shown({"quota": _quota(call.store, project)})


def update_quota(call: Call) -> Answer:
    """Below what is used too."""
    _only_admin(call, "update_quota")
    project = call.ids["project"]
    given = {name: int(value) for name, value in call.body("quota").items() if name in QUOTAS}
    had = things.get(call.store, "network_quota", project)
    made = {"id": project, **_quota(call.store, project), **given}
    (things.put if had else things.add)(call.store, "network_quota", made)
    return shown({"quota": _quota(call.store, project)})


def delete_quota(call: Call) -> Answer:
    _only_admin(call, "delete_quota")
    project = call.ids["project"]
    if not things.remove(call.store, "network_quota", project):
        raise errors.neutron(404, "TenantQuotaNotFound", f"Quota for project {project} could not be found.")
    return done()


def _only_admin(call: Call, rule: str) -> None:
    if not call.caller.is_admin:
        raise errors.neutron(403, "PolicyNotAuthorized", f"rule:{rule} is disallowed by policy")
