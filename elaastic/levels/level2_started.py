"""What level 2's manifest holds besides, once a town has failed over: its machines, in their turn."""

from collections.abc import Iterable, Iterator
from typing import Any

from elaastic.levels.started import Started
from provisioning.domain.course import image_of, server_of
from provisioning.domain.manifest import Desired, Ref
from provisioning.domain.servers import server_with_its_plug


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
    yield from server_with_its_plug(
        platform, project, one.name, size=one.size, zone=one.zone, access="reserve-access", after=after
    )
