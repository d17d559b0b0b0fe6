"""A stack of its own on the lab's cloud, as the engine and as somebody else would see it."""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lab.deadline import wait_until
from provisioning.domain.handler import Handler, Target
from provisioning.domain.names import Marker, full_name
from provisioning.domain.observation import Absent, InProgress, Observation, Outcome
from provisioning.domain.region import Platform
from provisioning.domain.secrets import Secret, generate
from provisioning.kinds.openstack import (
    CredentialSpec,
    GrantSpec,
    GroupSpec,
    ImageSpec,
    NetworkSpec,
    PortSpec,
    ProjectSpec,
    SecurityGroupSpec,
    ServerImageSpec,
    ServerSpec,
    SubnetSpec,
    UserSpec,
)
from provisioning.providers.openstack.provider import OpenStackProvider
from tests.provisioning.providers.battery import differs

PROJECT = ProjectSpec(
    servers=2, vcpus=2, ram_mib=512, networks=4, subnets=4, routers=2, ports=20, security_groups=4,
    security_group_rules=20,
)  # fmt: skip


@dataclass
class Town:
    """`outside` is the cloud's administrator by the bare SDK; `folder` is for files of its."""

    platform: Platform
    provider: OpenStackProvider
    stack: str
    outside: Any
    folder: Path
    password: Secret = field(default_factory=lambda: generate("password"))

    def target(self, name: str, spec: Any, **more: Any) -> Target:
        """As the engine would make it."""
        words = {"incarnation": 1, **more}
        marker = Marker("mcloud", self.stack, name)
        return Target(name, full_name(marker, words["incarnation"]), marker, spec=spec, **words)

    def make(self, kind: str, name: str, spec: Any, **more: Any) -> str:
        """Its id."""
        made = self.provider.handlers[f"openstack.{kind}"].create(self.target(name, spec, **more))
        assert made.external_id
        return made.external_id

    @cached_property
    def project(self) -> str:
        """The town's project, made when it is first asked for."""
        return self.make("project", "reserve", PROJECT)

    @cached_property
    def domain(self) -> str:
        """Of the portal, by its id."""
        return str(self.outside.identity.find_domain(self.platform.domain, ignore_missing=False).id)

    @cached_property
    def user(self) -> str:
        """The town's user, with `password`."""
        return self.make("user", "portal", UserSpec(), secrets={"password": self.password})

    @cached_property
    def group(self) -> str:
        """Of that one user."""
        return self.make("group", "people", GroupSpec([self.user]))

    def grant(self) -> None:
        """What a credential is good for."""
        self.make("grant", "may", GrantSpec(self.project, "member", self.group))

    def credential_target(self) -> Target:
        """The town's, with a secret made for it; the grant must stand."""
        spec = CredentialSpec(self.user, self.project, "member")
        his = {"user": {"password": self.password}}
        return self.target("access", spec, secrets={"secret": generate("secret")}, ref_secrets=his)

    def network(self, name: str = "lan") -> str:
        """A network of the town's."""
        return self.make("network", name, NetworkSpec(self.project))

    def port(self, name: str = "plug") -> str:
        """On the town's first network."""
        network, subnet, group = self.wiring
        return self.make("port", name, PortSpec(self.project, network, subnet, [group]))

    @cached_property
    def wiring(self) -> tuple[str, str, str]:
        """A network, its subnet, and a security group without a rule."""
        network = self.network()
        group = self.make("security_group", "firewall", SecurityGroupSpec(self.project, []))
        return network, self.subnet(network), group

    @cached_property
    def credential(self) -> Target:
        """The town's, made and recorded."""
        self.grant()
        target = self.credential_target()
        made = self.provider.handlers["openstack.credential"].create(target)
        return replace(target, external_id=made.external_id)

    @cached_property
    def image(self) -> str:
        """A megabyte of nothing, which the fake host takes for a system."""
        words = {"disk_format": "raw", "container_format": "bare", "owner": self.project}
        made = self.outside.image.create_image("nothing", data=bytes(2**20), allow_duplicates=True, **words)
        return str(made.id)

    def image_target(self, name: str, content: bytes = b"x" * 2**20, format: str = "raw") -> Target:
        """From a file of that content."""
        file = self.folder / f"{self.stack}-{name}"
        file.write_bytes(content)
        return self.target(name, ImageSpec(self.project, str(file), hashlib.sha512(content).hexdigest(), format))

    def server_target(self, name: str, image: str = "", **more: Any) -> Target:
        """On a port of its own."""
        credential = str(self.credential.external_id).partition(" ")[2]
        port = self.port(f"{name}-plug")
        spec = ServerSpec(self.project, credential, image or self.image, "dr.small", port, **more)
        return self.target(name, spec, ref_secrets={"credential": self.credential.secrets})

    @cached_property
    def server(self) -> str:
        """A machine that runs, by its id."""
        target = self.server_target("vm")
        made = Settled(self.provider.handlers["openstack.server"]).create(target)
        return str(made.external_id)

    def server_image_target(self, name: str) -> Target:
        """Of that machine."""
        return self.target(name, ServerImageSpec(self.server))

    def subnet(self, network: str, cidr: str = "10.20.0.0/24", name: str = "addresses") -> str:
        """Addresses of it, with a gateway."""
        gateway = cidr.replace(".0/24", ".1")
        return self.make("subnet", name, SubnetSpec(self.project, network, cidr, gateway=gateway))


@dataclass(frozen=True)
class Settled:
    """The handler, to somebody who waits until Nova is done."""

    handler: Handler

    def observe(self, target: Target) -> Observation:
        seen: list[Observation] = []

        def done() -> bool:
            polled = replace(target, handle=seen[-1].handle) if seen else target  # type: ignore[union-attr]
            seen.append((self.handler.poll if seen else self.handler.observe)(polled))
            return not isinstance(seen[-1], InProgress)

        wait_until("a server that is built", done, timeout_s=120, every_s=0.3)
        return seen[-1]

    def create(self, target: Target) -> Outcome:
        made = self.handler.create(target)
        self.observe(replace(target, external_id=made.external_id))
        return made

    def update(self, target: Target, after: Any) -> Outcome:
        done = self.handler.update(target, after)
        wait_until("a change", lambda: not differs(target, self.observe(target)), timeout_s=60, every_s=0.3)
        return done

    def delete(self, target: Target) -> Outcome:
        done = self.handler.delete(target)
        wait_until("its end", lambda: self.observe(target) == Absent(), timeout_s=60, every_s=0.3)
        return done
