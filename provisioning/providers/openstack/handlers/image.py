"""`openstack.image`: a town's image in Glance, from a file that was looked at before. A tag is the marker.

The record is made, the file is staged, and Glance is told to import it, which it does by itself and is polled for.
What it then holds is known by its SHA-512.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from provisioning.domain.course import LARGEST
from provisioning.domain.errors import PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, InProgress, Many, Observation, Outcome, Present
from provisioning.kinds.openstack import ImageSpec
from provisioning.providers.image_file import PassingOnce, image_file
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere

# Seconds between two looks at an import.
_POLL_S: Final = 2.0
_MADE_ONLY: Final = frozenset({"queued", "uploading"})


@dataclass(frozen=True)
class ImageHandler:
    """Glance's id is the external id, and the handle while it imports."""

    cloud: Cloud

    def observe(self, target: Target) -> Observation:
        """By its id; without one, by its project and the tag: the oldest first."""
        found = self._found(target)
        if len(found) > 1:
            return Many(
                tuple(one.id for one in found), frozenset(one.id for one in found if one.status == "queued")
            )
        return self._seen(target, found[0]) if found else Absent()

    def create(self, target: Target) -> Outcome:
        """Stopped before the import, it shows without content, as a difference."""
        spec, doing = _spec(target), f"making the image {target.full_name}"
        words = {"owner": spec.project, "disk_format": spec.format, "container_format": "bare"}
        words |= {"visibility": "private" if spec.private else "public"}
        with image_file(spec.file, LARGEST, target.hold, PassingOnce) as file:
            made = self.cloud.read(
                doing,
                lambda c: c.image.create_image(
                    target.full_name, tags=[str(target.marker)], allow_duplicates=True, **words
                ),
            )
            self._send(doing, made, file)
        return Outcome(external_id=made.id, handle=made.id)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """What was not sent is sent. What Glance refused, or holds in another shape, is a person's to judge."""
        doing, id = f"changing the image {target.full_name}", str(target.external_id)
        found = self.cloud.read(doing, lambda c: c.image.get_image(id))
        if _refused(found):
            raise PermanentError(
                "Glance does not take the file for what it is said to be; whoever made the image must look at it.",
                reason="ImageRefused",
            )
        if {"project", "format"} & set(after) or ("sha512" in after and found.status not in _MADE_ONLY):
            raise PermanentError(
                "What Glance holds is not the image that was asked for; whoever asked must have another one made.",
                reason="ContentDiffers",
            )
        if "private" in after:
            visibility = "private" if after["private"] else "public"
            self.cloud.read(doing, lambda c: c.image.update_image(id, visibility=visibility))
        if "sha512" not in after:
            return Outcome(external_id=id)
        with image_file(_spec(target).file, LARGEST, target.hold, PassingOnce) as file:
            self._send(doing, found, file)
        return Outcome(external_id=id, handle=id)

    def delete(self, target: Target) -> Outcome:
        """The file that it came from stays."""
        assert target.external_id
        with suppress(NotThere):
            self.cloud.delete(f"removing the image {target.full_name}", "image", "image", target.external_id)
        return Outcome()

    def poll(self, target: Target) -> Observation:
        """Imported, or not yet. One that Glance refused is there all the same, and shows."""
        try:
            found = self.cloud.read("waiting for an import", lambda c: c.image.get_image(target.handle))
        except NotThere:
            return Absent()
        return self._seen(target, found)

    def _seen(self, target: Target, one: Any) -> Observation:
        if _importing(one):
            return InProgress(one.id, _POLL_S)
        shown = {
            "project": one.owner_id,
            "format": one.disk_format,
            "sha512": one.hash_value if one.hash_algo == "sha512" else None,
            "private": one.visibility == "private",
        }
        return Present(one.id, shown, {"image": one.id}, ours=str(target.marker) in one.tags)

    def _found(self, target: Target) -> list[Any]:
        doing = f"reading the image {target.full_name}"
        if target.external_id:
            with suppress(NotThere):
                return [self.cloud.read(doing, lambda c: c.image.get_image(target.external_id))]
            return []
        project, marker = _spec(target).project, str(target.marker)
        found = self.cloud.listed(doing, "image", "image", owner=project, tag=marker)
        mine = [one for one in found if one.owner_id == project and marker in one.tags]
        return sorted(mine, key=lambda one: (one.created_at or "", one.id))

    def _send(self, doing: str, image: Any, file: BinaryIO) -> None:
        """A file that broke off leaves the image `queued`; one that arrived, `uploading`, and is only imported."""
        if image.status == "queued":
            self.cloud.read(doing, lambda c: c.image.stage_image(image, data=file))
        body = {"method": {"name": "glance-direct"}}
        self.cloud.send(doing, "image", "post", f"/images/{image.id}/import", json=body)


def _importing(image: Any) -> bool:
    """Asked for, and not over: the task is named at once, the status follows."""
    asked = image.status == "importing" or "os_glance_import_task" in (image.properties or {})
    return asked and not _refused(image)


def _refused(image: Any) -> bool:
    """Glance leaves it `importing` for ever, and names the stores where it failed."""
    return bool((image.properties or {}).get("os_glance_failed_import"))


def _spec(target: Target) -> ImageSpec:
    assert isinstance(target.spec, ImageSpec)
    return target.spec
