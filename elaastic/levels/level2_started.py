"""What level 2's manifest holds besides, once a town has failed over: its machines, in their turn."""

from collections.abc import Iterable, Iterator
from typing import Any

from elaastic.levels.started import Started
from provisioning.domain.course import image_of, server_of
from provisioning.domain.manifest import Desired, Ref


def machines_that_started(platform: str, project: Any, machines: Iterable[Started]) -> Iterator[Desired]:
    """For each its image, its place on the town's own network, and itself; it is made once those of the turn before
    run.
    """
    found = sorted(machines, key=lambda one: one.group)
    for one in found:
        before = max((other.group for other in found if other.group < one.group), default=0)
        after = [Ref(server_of(other.name), "server").as_json() for other in found if other.group == before]
        yield from _machine(platform, project, one, after)


def _machine(platform: str, project: Any, one: Started, after: list[Any]) -> Iterator[Desired]:
    image = {"project": project, "file": one.file, "sha512": one.sha512, "format": one.form}
    yield Desired(image_of(one.name), "openstack.image", platform, image)
    port = {
        "project": project,
        "network": Ref("lan", "network").as_json(),
        "subnet": Ref("lan-addresses", "subnet").as_json(),
        "security_groups": [Ref("lan-rules", "security_group").as_json()],
    }
    yield Desired(f"plug-{one.name}", "openstack.port", platform, port)
    server = {
        "project": project,
        "credential": Ref("reserve-access", "credential").as_json(),
        "image": Ref(image_of(one.name), "image").as_json(),
        "flavor": one.size,
        "port": Ref(f"plug-{one.name}", "port").as_json(),
        "zone": one.zone,
        **({"after": after} if after else {}),
    }
    yield Desired(server_of(one.name), "openstack.server", platform, server)
