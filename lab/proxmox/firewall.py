"""Firewall options and rules of the cluster, of groups, of guests: kept and given back, nothing is filtered."""

from lab.proxmox.errors import died
from lab.proxmox.guests import digest
from lab.proxmox.state import Data
from lab.proxmox.world import Call

NUMBERS = ("enable", "macfilter", "ipfilter", "dhcp", "ndp", "radv", "ebtables")


def _cluster(call: Call) -> Data:
    return call.state["firewall"].setdefault("cluster", {"options": {}, "rules": []})  # type: ignore[no-any-return]


def _guest(call: Call) -> Data:
    found: Data = call.vm["firewall"]
    return found


def _group(call: Call) -> Data:
    found: Data | None = call.state["security_groups"].get(call.text("group"))
    if found is None:
        raise died(f"no such security group '{call.text('group')}'")
    return found


def cluster_options(call: Call) -> Data:
    return _options(_cluster(call))


def guest_options(call: Call) -> Data:
    return _options(_guest(call))


def _options(firewall: Data) -> Data:
    return {**firewall["options"], "digest": digest(firewall["options"])}


def set_cluster_options(call: Call) -> None:
    _set_options(call, _cluster(call))


def set_guest_options(call: Call) -> None:
    _set_options(call, _guest(call))


def _set_options(call: Call, firewall: Data) -> None:
    call.need_digest(digest(firewall["options"]))
    for name in call.many("delete"):
        firewall["options"].pop(name, None)
    for name in call.without("delete", "digest"):
        firewall["options"][name] = call.whole(name) if name in NUMBERS else call.text(name)


def cluster_rules(call: Call) -> list[Data]:
    return _rules(_cluster(call)["rules"])


def guest_rules(call: Call) -> list[Data]:
    return _rules(_guest(call)["rules"])


def group_rules(call: Call) -> list[Data]:
    return _rules(_group(call)["rules"])


def _rules(rules: list[Data]) -> list[Data]:
    return [{"pos": place, **rule, "digest": digest(rules)} for place, rule in enumerate(rules)]


def add_cluster_rule(call: Call) -> None:
    _add(call, _cluster(call)["rules"])


def add_guest_rule(call: Call) -> None:
    _add(call, _guest(call)["rules"])


def add_group_rule(call: Call) -> None:
    _add(call, _group(call)["rules"])


def _add(call: Call, rules: list[Data]) -> None:
    """A new rule is the first, unless it says where."""
    call.need_digest(digest(rules))
    rule = call.without("pos", "digest", "group")
    if "enable" in rule:
        rule["enable"] = call.whole("enable")
    addresses = f"{rule.get('source', '')}{rule.get('dest', '')}"
    if addresses:
        rule["ipversion"] = 6 if ":" in addresses else 4
    rules.insert(call.whole("pos"), rule)


def change_guest_rule(call: Call) -> None:
    rules = _guest(call)["rules"]
    call.need_digest(digest(rules))
    place = _place(call, rules)
    for name in call.many("delete"):
        rules[place].pop(name, None)
    rules[place] |= call.without("delete", "digest", "moveto")
    if call.has("moveto"):
        rules.insert(call.whole("moveto"), rules.pop(place))


def delete_guest_rule(call: Call) -> None:
    rules = _guest(call)["rules"]
    call.need_digest(digest(rules))
    del rules[_place(call, rules)]


def _place(call: Call, rules: list[Data]) -> int:
    place = call.whole("pos")
    if place >= len(rules):
        raise died(f"no rule at position {place}")
    return place


def list_groups(call: Call) -> list[Data]:
    names = sorted(call.state["security_groups"])
    return [{"group": name, "digest": digest(names), **_commented(call, name)} for name in names]


def _commented(call: Call, name: str) -> Data:
    comment = call.state["security_groups"][name].get("comment")
    return {"comment": comment} if comment else {}


def create_group(call: Call) -> None:
    name = call.text("group")
    if name in call.state["security_groups"]:
        raise died(f"Security group '{name}' already exists")
    call.state["security_groups"][name] = {"rules": [], "comment": call.text("comment")}


def delete_group(call: Call) -> None:
    if _group(call)["rules"]:
        raise died(f"Security group '{call.text('group')}' is not empty")
    del call.state["security_groups"][call.text("group")]
