"""A stack of its own on an emulated cluster, as the engine and as somebody else would see it."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.deadline import wait_until
from provisioning.domain.handler import Handler, Target
from provisioning.domain.names import Marker, full_name
from provisioning.domain.observation import Absent, InProgress, Observation, Outcome
from provisioning.domain.region import Platform
from provisioning.kinds.proxmox import GuestSpec, ImageSpec, NetworkSpec, PoolSpec
from provisioning.providers.proxmox.provider import ProxmoxProvider
from tests.lab.proxmox.wire import Wire
from tests.provisioning.providers.battery import differs

STORE = "towns"
VMIDS = (5000, 5999)
POOL = "mcloud.town12.reserve"


@dataclass
class Town:
    """`outside` is root by `proxmoxer`; `wire` the harness's hand; `folder` is for files of its."""

    platform: Platform
    provider: ProxmoxProvider
    outside: Any
    wire: Wire
    folder: Path
    stack: str = "town12"

    def target(self, name: str, spec: Any, **more: Any) -> Target:
        """As the engine would make it."""
        words = {"incarnation": 1, **more}
        marker = Marker("mcloud", self.stack, name)
        return Target(name, full_name(marker, words["incarnation"]), marker, spec=spec, **words)

    def make(self, kind: str, name: str, spec: Any) -> str:
        """Its id, once it stands."""
        target = self.target(name, spec)
        return str(Settled(self.provider.handlers[f"proxmox.{kind}"]).create(target).external_id)

    def image_target(self, name: str = "disk", content: bytes = b"x" * 2**16, format: str = "raw") -> Target:
        """From a file of that content."""
        file = self.folder / name
        file.write_bytes(content)
        return self.target(name, ImageSpec("shared", str(file), hashlib.sha512(content).hexdigest(), format))

    def guest_target(self, name: str = "vm", **more: Any) -> Target:
        """In the town's pool, from an image of its own, on a network of its own."""
        if POOL not in [pool["poolid"] for pool in self.outside.pools.get()]:
            self.make("pool", "reserve", PoolSpec())
        image = Settled(self.provider.handlers["proxmox.image"]).create(self.image_target(f"{name}-disk"))
        words = {"image": image.external_id, "network": self.make("network", f"{name}-lan", NetworkSpec())}
        return self.target(name, GuestSpec(POOL, storage="shared", vcpus=1, ram_mib=256, **{**words, **more}))


@dataclass(frozen=True)
class Settled:
    """The handler, to somebody who waits until Proxmox is done, and mends what a create leaves to be mended."""

    handler: Handler

    def observe(self, target: Target) -> Observation:
        while isinstance(seen := self.handler.observe(target), InProgress):
            self.wait(replace(target, handle=seen.handle))
        return seen

    def wait(self, target: Target) -> None:
        """Until its task is over."""
        wait_until(
            "the end of a task",
            lambda: not isinstance(self.handler.poll(target), InProgress),
            timeout_s=60,
            every_s=0.01,
        )

    def create(self, target: Target) -> Outcome:
        """Until it stands as declared: what a create leaves open shows as a difference."""
        self._after(target, self.handler.create(target))
        seen = self.observe(target)
        recorded = replace(target, external_id=seen.external_id)  # type: ignore[union-attr]
        while after := differs(recorded, self.observe(recorded)):
            self.update(recorded, after)
        return Outcome(external_id=recorded.external_id)

    def update(self, target: Target, after: Any) -> Outcome:
        return self._after(target, self.handler.update(target, after))

    def delete(self, target: Target) -> Outcome:
        """A guest is stopped by the first, destroyed by the second."""
        done = self._after(target, self.handler.delete(target))
        while self.observe(target) != Absent():
            done = self._after(target, self.handler.delete(target))
        return done

    def _after(self, target: Target, outcome: Outcome) -> Outcome:
        if outcome.handle:
            self.wait(replace(target, handle=outcome.handle))
        return outcome
