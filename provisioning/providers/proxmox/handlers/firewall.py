"""What stands between a guest and its network: the guest's own firewall, closed but for its rules.

It filters only where the cluster's is switched on and the guest's card says so.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import PermanentError
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.handlers.rules import in_words, of_words

CLOSED: Final = {"enable": 1, "policy_in": "DROP", "policy_out": "DROP", "macfilter": 1}


@dataclass(frozen=True)
class Firewall:
    """Of one guest: `path` is its address, as `nodes/pve1/qemu/100`."""

    api: Api
    path: str

    def is_closed(self) -> bool:
        """But for its rules; the card's part is looked at with the card."""
        options = self.api.shown("reading a guest's firewall", f"{self.path}/firewall/options")
        return self._cluster_filters() and all(str(options.get(name)) == str(CLOSED[name]) for name in CLOSED)

    def rules(self) -> list[str]:
        """In words, sorted."""
        return sorted(in_words(rule) for rule in self._rules())

    def close(self) -> None:
        """PermanentError FirewallOff where the cluster filters nothing at all."""
        if not self._cluster_filters():
            raise PermanentError(
                "The cluster's firewall is switched off, so no guest's filters anything; the region's operator "
                "must switch it on.",
                reason="FirewallOff",
            )
        self.api.call("closing a guest's firewall", "put", f"{self.path}/firewall/options", **CLOSED)

    def let_through(self, wanted: Collection[str]) -> None:
        """Those that are too many go first, the last of them first: each one's place depends on those before."""
        doing = "changing what may pass to a guest"
        there = self._rules()
        for rule in sorted(there, key=lambda one: -int(one["pos"])):
            if in_words(rule) not in wanted:
                self.api.call(doing, "delete", f"{self.path}/firewall/rules/{rule['pos']}")
        for line in sorted(set(wanted) - {in_words(rule) for rule in there}):
            self.api.call(doing, "post", f"{self.path}/firewall/rules", **of_words(line))

    def _rules(self) -> list[dict[str, Any]]:
        return self.api.listed("reading what may pass to a guest", f"{self.path}/firewall/rules")

    def _cluster_filters(self) -> bool:
        options = self.api.shown("reading the cluster's firewall", "cluster/firewall/options")
        return str(options.get("enable", 0)) == "1"
