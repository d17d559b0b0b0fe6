"""What the agent inside a guest says: that it is there, how its cards are addressed, what came out of a command.

An observation, and no kind: nothing here is wanted, and nothing is kept. A guest without an agent takes three
seconds to say nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from provisioning.providers.proxmox import guests
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import PROXMOX, NobodyAnswers, NotThere


@dataclass(frozen=True)
class Ran:
    """A command that has ended. `whole`: nothing of what it said was cut off."""

    exit_code: int
    output: str
    errors: str
    whole: bool


@dataclass(frozen=True)
class Agent:
    """`guest` is a VMID, as the row's output has it. NotThere when it is gone, NobodyAnswers when it is silent."""

    api: Api

    def answers(self, guest: str) -> bool:
        """Its system is up, as far as the agent counts."""
        try:
            self._call(guest, "post", "ping")
        except NobodyAnswers:
            return False
        return True

    def addresses(self, guest: str) -> tuple[str, ...]:
        """Those that others could reach, in its own order."""
        said = self._call(guest, "get", "network-get-interfaces")
        return tuple(_addresses(said.get("result") or []))

    def execute(self, guest: str, command: Sequence[str]) -> int:
        """Starts the command; the number under which `executed` tells of it."""
        said = self._call(guest, "post", "exec", command=list(command))
        if not isinstance(said.get("pid"), int):
            raise PROXMOX.unusable("starting a command in a guest", "has no number")
        return int(said["pid"])

    def executed(self, guest: str, pid: int) -> Ran | None:
        """None while it runs. One that a signal ended has that, below nought, for its exit code."""
        said = self._call(guest, "get", "exec-status", pid=pid)
        if str(said.get("exited", 0)) not in ("1", "True"):
            return None
        code = -int(said["signal"]) if "signal" in said else int(said.get("exitcode", 0))
        cut = any(str(said.get(name, 0)) in ("1", "True") for name in ("out-truncated", "err-truncated"))
        return Ran(code, str(said.get("out-data", "")), str(said.get("err-data", "")), whole=not cut)

    def _call(self, guest: str, method: str, verb: str, **words: Any) -> dict[str, Any]:
        doing = f"asking the agent of guest {guest}"
        found = guests.find(self.api, int(guest))
        if found is None:
            raise NotThere(f"Guest {guest} is not there.")
        with guests.standing(doing):
            said = self.api.call(doing, method, f"{found.path}/agent/{verb}", **words)
        if not isinstance(said, dict):
            raise PROXMOX.unusable(doing, "was no object")
        return said


def _addresses(cards: list[dict[str, Any]]) -> Iterator[str]:
    for card in cards:
        for one in card.get("ip-addresses") or []:
            address = ip_address(str(one["ip-address"]))
            if not (address.is_loopback or address.is_link_local):
                yield str(address)
