"""`openstack.server_image`: an image that Nova makes of a machine's disk while it runs. A property is the marker.

Nova makes the record in Glance before it answers, and goes on by itself; so an image that is not listed was not
asked for. The kind stands as soon as the record does, and can be removed at any moment of the work: whether the
content has come is for whoever carries it on to ask (`taken`). It is the portal's own, not the town's.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import AlreadyExists, PermanentError, TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Many, Observation, Outcome, Present
from provisioning.kinds.openstack import ServerImageSpec
from provisioning.providers.instant import Instant
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere

# Of the image; it comes with the create in one call.
MARKED: Final = "mcloud_marker"
_COMING: Final = frozenset({"queued", "saving", "uploading", "importing"})


@dataclass(frozen=True)
class ServerImageHandler(Instant):
    """Glance's id is the external id."""

    cloud: Cloud

    def observe(self, target: Target) -> Observation:
        """By its id; without one, by its name and the marker: the oldest first. Any double may go."""
        found = self._found(target)
        if len(found) > 1:
            ids = tuple(one.id for one in found)
            return Many(ids, frozenset(ids))
        if not found:
            return Absent()
        (one,) = found
        shown = {"server": one.instance_uuid or ""}
        return Present(one.id, shown, {"image": one.id}, ours=marker_of(one) == str(target.marker))

    def create(self, target: Target) -> Outcome:
        """NotThere without the machine; made twice there are two."""
        server = _spec(target).server
        doing = f"making an image of the server {server}"
        words = {"name": target.full_name, "metadata": {MARKED: str(target.marker)}}
        try:
            made = self.cloud.read(doing, lambda c: c.compute.create_server_image(server, **words))
        except AlreadyExists:
            # What Nova calls a conflict: the machine is at something else, such as another image.
            raise TemporaryError(
                "The machine is busy with something else; the portal tries again by itself.", unsent=True
            ) from None
        return Outcome(external_id=made.id)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """It is of one machine and of one moment."""
        raise PermanentError("An image of a server cannot become another's; whoever asked must have one made.")

    def delete(self, target: Target) -> Outcome:
        """Also while Nova is still at it; the machine stays as it is."""
        assert target.external_id
        with suppress(NotThere):
            doing = f"removing the image {target.full_name}"
            self.cloud.delete(doing, "image", "image", target.external_id)
        return Outcome()

    def _found(self, target: Target) -> list[Any]:
        doing = f"reading the image {target.full_name}"
        if target.external_id:
            with suppress(NotThere):
                return [self.cloud.read(doing, lambda c: c.image.get_image(target.external_id))]
            return []
        found = self.cloud.listed(doing, "image", "image", name=target.full_name)
        mine = [one for one in found if marker_of(one) == str(target.marker)]
        return sorted(mine, key=lambda one: (one.created_at or "", one.id))


def marker_of(image: Any) -> str:
    """ "" where it is no image of a server of ours."""
    return str((image.properties or {}).get(MARKED) or "")


def taken(cloud: Cloud, image: str) -> tuple[str, int, str] | None:
    """Its format, bytes and SHA-512 ("" where Glance took another sum); None while the content comes.

    PermanentError TaskFailed when Nova gave up, which removes the image or leaves it without content.
    """
    try:
        found = cloud.read(f"asking for the image {image}", lambda c: c.image.get_image(image))
    except NotThere:
        found = None
    if found is not None and found.status in _COMING:
        return None
    if found is None or found.status != "active":
        raise PermanentError(
            "Nova could not make an image of the machine; the region's operator must look there.",
            reason="TaskFailed",
        )
    summed = found.hash_value if found.hash_algo == "sha512" else ""
    return str(found.disk_format), int(found.size), str(summed or "")


def _spec(target: Target) -> ServerImageSpec:
    assert isinstance(target.spec, ServerImageSpec)
    return target.spec
