"""Neutron's security groups and their rules; every project has one that is called `default` and comes by itself."""

from collections.abc import Mapping

from lab.simulated.openstack import errors, neutron, things
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.neutron import Noun
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer

GROUP = Noun(
    "security_group", "security_groups", "SecurityGroupNotFound", "Security group {id} does not exist",
    {"name": "", "description": "", "stateful": True, "shared": False},
)  # fmt: skip
_RULE: Mapping[str, object] = {
    "direction": "ingress", "ethertype": "IPv4", "protocol": None, "port_range_min": None, "port_range_max": None,
    "remote_ip_prefix": None, "remote_group_id": None, "remote_address_group_id": None, "description": "",
}  # fmt: skip
# By which two rules are the same.
_SAME = tuple(name for name in _RULE if name != "description")


def ensure_default(store: Store, project: str) -> Thing:
    """The group that Neutron makes by itself, with or without room in the quota; its rules need theirs."""
    for group in things.every(store, "security_group", project_id=project, name="default"):
        return group
    neutron.refuse_over_quota(store, "security_group_rule", project, more=4)
    made = _make(store, project, name="default", description="Default security group")
    for version in ("IPv4", "IPv6"):
        inside = {"direction": "ingress", "ethertype": version, "remote_group_id": made["id"]}
        made["security_group_rules"].append(_rule(made, project, inside))
    return things.put(store, "security_group", made)


def _make(store: Store, project: str, **fields: object) -> Thing:
    """Whatever goes out may pass, unless somebody removes the rules that say so."""
    made = neutron.make(store, GROUP, project, **fields, security_group_rules=[])
    out = ({"direction": "egress", "ethertype": version} for version in ("IPv4", "IPv6"))
    made["security_group_rules"] = [_rule(made, project, rule) for rule in out]
    return things.put(store, "security_group", made)


def _rule(group: Thing, project: str, given: Mapping[str, object]) -> Thing:
    now = things.stamp()
    whose = {"project_id": project, "tenant_id": project, "security_group_id": group["id"]}
    times = {
        "created_at": now,
        "updated_at": now,
        "revision_number": 0,
        "normalized_cidr": given.get("remote_ip_prefix"),
    }
    return {"id": things.new_id(), **_RULE, **given, **whose, **times}


def list_groups(call: Call) -> Answer:
    """Whoever asks for those of a project has its default one made."""
    ensure_default(call.store, call.caller.project)
    if project := call.query.get("project_id"):
        ensure_default(call.store, project)
    return neutron.page(call, GROUP, things.every(call.store, "security_group"))


def get_group(call: Call) -> Answer:
    return shown({"security_group": neutron.found(call, GROUP, call.ids["group"])})


def create_group(call: Call) -> Answer:
    given = call.body("security_group")
    project = neutron.project_of(call, given)
    ensure_default(call.store, project)
    neutron.refuse_over_quota(call.store, "security_group", project)
    fields = GROUP.fields_of(given, anew=True)
    made = _make(call.store, project, **{n: v for n, v in fields.items() if n in GROUP.defaults})
    return shown({"security_group": made}, 201)


def update_group(call: Call) -> Answer:
    thing = neutron.owned(call, GROUP, call.ids["group"])
    return shown({"security_group": neutron.change(call, GROUP, thing, call.body("security_group"))})


def delete_group(call: Call) -> Answer:
    """Not while a port has it; the default one only by the administrator."""
    thing = neutron.owned(call, GROUP, call.ids["group"])
    if thing["name"] == "default" and not call.caller.is_admin:
        raise errors.neutron(
            409, "SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group."
        )
    if any(thing["id"] in port["security_groups"] for port in things.every(call.store, "port")):
        raise errors.neutron(409, "SecurityGroupInUse", f"Security Group {thing['id']} in use.")
    things.remove(call.store, "security_group", thing["id"])
    return done()


def create_rule(call: Call) -> Answer:
    """The same rule is taken once in a group."""
    given = call.body("security_group_rule")
    group = neutron.owned(call, GROUP, str(given.get("security_group_id")))
    project = neutron.project_of(call, given)
    fields = {name: value for name, value in given.items() if name in _RULE}
    if strange := set(given) - set(_RULE) - {"security_group_id", "project_id", "tenant_id"}:
        raise errors.neutron(400, "HTTPBadRequest", f"Unrecognized attribute(s) '{', '.join(sorted(strange))}'")
    made = _rule(group, project, fields)
    for rule in group["security_group_rules"]:
        if all(rule[name] == made[name] for name in _SAME):
            said = f"Security group rule already exists. Rule id is {rule['id']}."
            raise errors.neutron(409, "SecurityGroupRuleExists", said)
    neutron.refuse_over_quota(call.store, "security_group_rule", project)
    things.put(
        call.store, "security_group", group | {"security_group_rules": [*group["security_group_rules"], made]}
    )
    return shown({"security_group_rule": made}, 201)


def delete_rule(call: Call) -> Answer:
    id = call.ids["rule"]
    for group in things.every(call.store, "security_group"):
        kept = [rule for rule in group["security_group_rules"] if rule["id"] != id]
        if neutron.sees(call, group) and len(kept) < len(group["security_group_rules"]):
            things.put(call.store, "security_group", group | {"security_group_rules": kept})
            return done()
    raise errors.neutron(404, "SecurityGroupRuleNotFound", f"Security group rule {id} does not exist")
