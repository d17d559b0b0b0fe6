"""What may pass to and from a guest, in the words of `GuestSpec`, and as Proxmox keeps it: a list of rules."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Final

from provisioning.domain.errors import PermanentError

EVERYWHERE: Final = "0.0.0.0/0"
# What the portal writes and reads of a rule; one that says more is not one of ours.
_KNOWN: Final = frozenset({"type", "action", "proto", "dport", "source", "dest", "enable"})
_OF_NO_MATTER: Final = frozenset({"pos", "digest", "ipversion", "comment", "log"})
_REMOTE: Final = {"in": "source", "out": "dest"}


def in_words(rule: Mapping[str, Any]) -> str:
    """`in tcp/22 192.0.2.0/24`; what else it says stands behind, so that it is no rule that anybody wants."""
    way = str(rule.get("type"))
    first, _, last = str(rule.get("dport") or "").partition(":")
    ports = f"/{first}-{last}" if last else f"/{first}" if first else ""
    remote = rule.get(_REMOTE.get(way, "")) or EVERYWHERE
    line = f"{way} {rule.get('proto') or 'any'}{ports} {remote}"
    more = [f"{name}={rule[name]}" for name in sorted(set(rule) - _KNOWN - _OF_NO_MATTER)]
    more += [str(rule["action"])] if rule.get("action") != "ACCEPT" else []
    more += ["off"] if str(rule.get("enable", 0)) != "1" else []
    other = "dest" if way == "in" else "source"
    return " ".join([line, *more, *([f"{other}={rule[other]}"] if rule.get(other) else [])])


def of_words(line: str) -> dict[str, Any]:
    """What Proxmox is told. PermanentError for a line that is none."""
    try:
        way, what, remote = line.split(" ")
        proto, _, ports = what.partition("/")
        far = {} if ip_network(remote) == ip_network(EVERYWHERE) else {_REMOTE[way]: remote}
        kind = {} if proto == "any" else {"proto": proto}
        return {"type": way, "action": "ACCEPT", "enable": 1, **kind, **_ports(ports), **far}
    except (ValueError, KeyError):
        raise PermanentError(f"{line!r} is no rule; whoever develops the portal must look.") from None


def _ports(text: str) -> dict[str, str]:
    first, _, last = text.partition("-")
    if not text:
        return {}
    return {"dport": f"{int(first)}:{int(last)}" if last else str(int(first))}
