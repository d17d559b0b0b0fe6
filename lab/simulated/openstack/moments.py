"""What takes a moment is done by the first call after it: nothing runs in the background."""

from collections.abc import Callable, Mapping

from lab.simulated.openstack import glance, server_images, servers, things
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store


def _image(store: Store, image: Thing, now: float) -> None:
    (server_images if "disk" in image else glance).go_on(store, image, now)


_GOES_ON: Mapping[str, Callable[[Store, Thing, float], None]] = {"image": _image, "server": servers.go_on}


def settle(store: Store) -> None:
    """Each at its own time: of two moments that have passed, the second counts from the end of the first."""
    now = things.now()
    while found := things.due(store, now):
        for kind, thing in found:
            _GOES_ON[kind](store, thing, thing["due"])
