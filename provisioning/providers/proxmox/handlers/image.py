"""`proxmox.image`: the image of a disk, on a storage with the content `import`, from a file that was looked at.

Proxmox holds what it received against the SHA-512 and puts it in its place only when that fits. Such a file carries
no words of ours but its name: the full name, sixteen digits of the sum, and its length. By the length one is known
whose copying broke off.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provisioning.domain.course import LARGEST
from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.names import Marker
from provisioning.domain.observation import Absent, Many, Observation, Outcome, Present
from provisioning.kinds.proxmox import ImageSpec
from provisioning.providers.image_file import image_file
from provisioning.providers.proxmox.client.errors import NotThere, TaskFailed
from provisioning.providers.proxmox.handlers.tasked import Tasked
from provisioning.providers.proxmox.nodes import Nodes

_DIGITS: Final = 16


@dataclass(frozen=True)
class ImageHandler(Tasked):
    """The external id is the volume's: `<storage>:import/<name>`."""

    def observe(self, target: Target) -> Observation:
        """By its id; without one, by its storage and the name's beginning."""
        storage = target.external_id.partition(":")[0] if target.external_id else _spec(target).storage
        node = Nodes.read(self.api).with_storage(storage)
        doing = f"looking for the image {target.full_name}"
        found = [
            one
            for one in self.api.listed(doing, f"nodes/{node}/storage/{storage}/content", content="import")
            if _is_it(str(one.get("volid")), target)
        ]
        if len(found) > 1:
            return Many(tuple(sorted(str(one["volid"]) for one in found)))
        if not found:
            return Absent()
        (one,) = found
        if not _is_whole(one) and not target.external_id and (busy := self.api.at_work(doing, node, "imgcopy")):
            return busy
        return Present(str(one["volid"]), _shape(target, one), {"image": str(one["volid"])})

    def create(self, target: Target) -> Outcome:
        """Sent, and copied by a task. What did not arrive whole is not there; what is sent again replaces it."""
        if not isinstance(self.observe(target), Absent):
            raise AlreadyExists("An image of this name is there.")
        return Outcome(handle=self._send(target))

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """What broke off is sent again. Another content is another image."""
        node = Nodes.read(self.api).with_storage(_spec(target).storage)
        path = f"nodes/{node}/storage/{_spec(target).storage}/content"
        found = self.api.listed(f"looking for the image {target.full_name}", path, content="import")
        mine = next((one for one in found if one.get("volid") == target.external_id), None)
        if mine is None or _is_whole(mine) or set(after) != {"sha512"}:
            raise PermanentError(
                "What Proxmox holds is not the image that was asked for; whoever asked must have another one made.",
                reason="ContentDiffers",
            )
        return Outcome(external_id=target.external_id, handle=self._send(target))

    def delete(self, target: Target) -> Outcome:
        """The file that it came from stays, and so do the disks that were made from it."""
        assert target.external_id
        storage = target.external_id.partition(":")[0]
        node = Nodes.read(self.api).with_storage(storage)
        path = f"nodes/{node}/storage/{storage}/content/{target.external_id}"
        with suppress(NotThere):
            return Outcome(handle=self.api.started(f"removing the image {target.full_name}", "delete", path))
        return Outcome()

    def poll(self, target: Target) -> Observation:
        """Copied, or not yet. ContentDiffers when what arrived is not what was looked at."""
        try:
            return super().poll(target)
        except TaskFailed as failed:
            if "checksum mismatch" not in failed.end:
                raise
            raise PermanentError(
                "What Proxmox received has not the sum that was taken when the file was looked at; whoever asked "
                "must have another one made.",
                reason="ContentDiffers",
            ) from None

    def _send(self, target: Target) -> str:
        spec, doing = _spec(target), f"sending the image {target.full_name}"
        with image_file(spec.file, LARGEST, target.hold) as file:
            size = Path(spec.file).stat().st_size
            file.name = f"{_beginning(target)}{size}.{spec.format}"
            path = f"nodes/{Nodes.read(self.api).with_storage(spec.storage)}/storage/{spec.storage}/upload"
            words = {"content": "import", "checksum-algorithm": "sha512", "checksum": spec.sha512}
            return self.api.started(doing, "post", path, filename=file, **words)


def marker_of(volid: str) -> Marker | None:
    """Whose image that is, by its name; None for one that is not the portal's."""
    words = volid.partition(":import/")[2].split(".")
    return Marker.parse(".".join(words[:3])) if len(words) >= 6 else None


def _beginning(target: Target) -> str:
    return f"{target.full_name}.{_spec(target).sha512[:_DIGITS]}."


def _is_it(volid: str, target: Target) -> bool:
    if target.external_id:
        return volid == target.external_id
    return volid.startswith(f"{_spec(target).storage}:import/{_beginning(target)}")


def _is_whole(one: Mapping[str, Any]) -> bool:
    return str(one["volid"]).split(".")[-2] == str(one.get("size"))


def _shape(target: Target, one: Mapping[str, Any]) -> dict[str, Any]:
    """Its declared fields; of the sum only a beginning stands in the name, and nothing before all of it arrived."""
    volid = str(one["volid"])
    digits = volid.split(".")[-3]
    wanted = target.spec.sha512 if target.spec else digits
    sum = wanted if wanted.startswith(digits) else digits
    return {
        "storage": volid.partition(":")[0],
        "format": volid.rpartition(".")[2],
        "sha512": sum if _is_whole(one) else None,
    }


def _spec(target: Target) -> ImageSpec:
    assert isinstance(target.spec, ImageSpec)
    return target.spec
