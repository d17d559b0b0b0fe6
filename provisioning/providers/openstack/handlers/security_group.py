"""`openstack.security_group`: what may pass. Exactly the declared rules, of which a line of words each is kept."""

from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_network
from typing import Any, Final

from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Outcome
from provisioning.providers.openstack.client.errors import NotThere
from provisioning.providers.openstack.handlers.marked import Marked

_DIRECTIONS: Final = {"in": "ingress", "out": "egress"}
_EVERYWHERE: Final = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


class SecurityGroupHandler(Marked):
    """Neutron gives every new group two rules, for whatever goes out; they are rules like any other."""

    noun = "security_group"
    words = {"project": "project_id"}

    def create(self, target: Target) -> Outcome:
        """The group, then its rules. Stopped between them, it shows with others, as a difference."""
        made = super().create(target)
        self._make_so(target, str(made.external_id))
        return made

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        super().update(target, after)
        if "rules" in after:
            self._make_so(target, str(target.external_id))
        return Outcome(external_id=target.external_id)

    def shape(self, target: Target, one: Any) -> dict[str, Any]:
        return super().shape(target, one) | {"rules": sorted(in_words(rule) for rule in one.security_group_rules)}

    def _make_so(self, target: Target, id: str) -> None:
        """Those that are too many go first: a moment with less is better than one with more."""
        doing = f"changing the rules of the security group {target.full_name}"
        there = self.cloud.read(doing, lambda c: c.network.get_security_group(id)).security_group_rules
        wanted = set(target.spec.rules)
        for rule in there:
            if in_words(rule) not in wanted:
                with suppress(NotThere):
                    self.cloud.delete(doing, "network", "security_group_rule", rule["id"])
        for line in sorted(wanted - {in_words(rule) for rule in there}):
            words = {**of_words(line, id), "security_group_id": id, "project_id": target.spec.project}
            with suppress(AlreadyExists), self.cloud.calling(doing) as connection:
                connection.network.create_security_group_rule(**words)


def in_words(rule: Mapping[str, Any]) -> str:
    """Neutron's rule as the spec has it."""
    direction = "in" if rule["direction"] == "ingress" else "out"
    first, last = rule["port_range_min"], rule["port_range_max"]
    ports = "" if first is None else f"/{first}" if first == last else f"/{first}-{'' if last is None else last}"
    if rule["remote_group_id"]:
        itself = rule["remote_group_id"] == rule["security_group_id"]
        remote = "itself" if itself else f"group:{rule['remote_group_id']}"
    else:
        remote = rule["remote_ip_prefix"] or _EVERYWHERE[rule["ethertype"]]
    if rule["remote_group_id"] and rule["ethertype"] != "IPv4":
        remote += f":{rule['ethertype']}"
    return f"{direction} {rule['protocol'] or 'any'}{ports} {remote}"


def of_words(line: str, group: str) -> dict[str, Any]:
    """What the SDK is told. PermanentError for a line that is none."""
    try:
        direction, what, remote = line.split(" ")
        protocol, _, ports = what.partition("/")
        first, _, last = ports.partition("-")
        return {
            "direction": _DIRECTIONS[direction],
            "protocol": None if protocol == "any" else protocol,
            "port_range_min": int(first) if ports else None,
            "port_range_max": int(last or first) if ports else None,
            **({"remote_group_id": group, "ether_type": "IPv4"} if remote == "itself" else _remote(remote)),
        }
    except (ValueError, KeyError):
        raise PermanentError(f"{line!r} is no rule; whoever develops the portal must look.") from None


def _remote(remote: str) -> dict[str, Any]:
    version = ip_network(remote).version
    everywhere = remote in _EVERYWHERE.values()
    return {"ether_type": f"IPv{version}", "remote_ip_prefix": None if everywhere else remote}
