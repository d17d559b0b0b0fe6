"""Networks, images and guests of towns, by the portal's own token, on the emulator."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.proxmox.runbook import ZONE
from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent, Present
from provisioning.kinds.proxmox import NetworkSpec
from provisioning.providers.image_file import Passing
from provisioning.providers.proxmox.handlers import image as images
from tests.provisioning.providers.battery import ChangeableBattery, differs, present
from tests.provisioning.providers.proxmox.town import Settled, Town

pytestmark = pytest.mark.django_db(transaction=True)


class NumberedBattery(ChangeableBattery):
    """And for what is called by a number of ours: a stranger who has it keeps it, and ours is another."""

    @pytest.fixture
    def handler(self, town: Town) -> Any:
        return Settled(town.provider.handlers[self.kind])

    def test_made_twice_is_refused_and_harmless(self, town: Any, handler: Any, target: Target) -> None:
        handler.create(target)
        before = handler.observe(target)
        with pytest.raises(AlreadyExists):
            handler.handler.create(target)
        assert handler.observe(target) == before

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Any, target: Target) -> None:
        """It has our number: it stays as it is, and ours gets the next."""
        self.take_name(town, target)
        assert handler.observe(target) == Absent()
        made = present(handler.observe(replace(target, external_id=handler.create(target).external_id)))
        assert made.external_id == self.second
        assert not handler.observe(replace(target, external_id=self.first)).ours

    first, second = "", ""


class TestNetwork(NumberedBattery):
    kind = "proxmox.network"
    first, second = "v0000001", "v0000002"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("lan", NetworkSpec())

    def spoil(self, town: Any, target: Target) -> None:
        town.outside.cluster.sdn.vnets(target.external_id).put(**{"isolate-ports": 1})

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.cluster.sdn.vnets.post(vnet=self.first, zone=ZONE, tag=1)

    def test_it_has_a_number_of_its_own_on_the_wire(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        shown = town.outside.cluster.sdn.vnets(made.external_id).get(running=1)
        assert (shown["tag"], shown["zone"], shown["alias"]) == (1, ZONE, "mcloud.town12.lan")

    def test_one_that_was_drafted_and_not_applied_is_not_in_force(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        """The worker died between the two."""
        town.wire.control("fault", path="/cluster/sdn$", method="PUT", status=500, text="Internal Server Error")
        with pytest.raises(Exception, match="no usable answer"):
            handler.handler.create(target)
        seen = present(handler.observe(target))
        recorded = self.recorded(target, seen.external_id)
        assert differs(recorded, seen) == {"in_force": True}
        handler.update(recorded, {"in_force": True})
        assert differs(recorded, handler.observe(recorded)) == {}

    def test_a_removal_that_was_not_applied_is_no_end(self, town: Town, handler: Any, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        town.outside.cluster.sdn.vnets(recorded.external_id).delete()
        seen = present(handler.observe(recorded))
        assert seen.attributes["in_force"] is False
        handler.delete(recorded)
        assert handler.observe(recorded) == Absent()

    def test_a_node_that_did_not_reload_is_named_although_the_task_says_ok(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        town.wire.control("put", section="nodes", id="pve2", value={"reload_fails": 1})
        with pytest.raises(PermanentError, match="pve2") as failed:
            handler.create(target)
        assert failed.value.reason == "TaskFailed"
        assert present(handler.observe(target)).attributes["in_force"] is False

    def test_without_a_zone_it_is_the_regions_move(self, town: Town, target: Target) -> None:
        platform = replace(town.platform, sdn_zone="")
        with pytest.raises(PermanentError) as refused:
            type(town.provider)(platform).handlers[self.kind].create(target)
        assert refused.value.reason == "NoZone"


class TestImage(ChangeableBattery):
    kind = "proxmox.image"

    @pytest.fixture
    def handler(self, town: Town) -> Any:
        return Settled(town.provider.handlers[self.kind])

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.image_target()

    def spoil(self, town: Any, target: Target) -> None:
        """A node died while it copied."""
        town.wire.control("put", section="volumes", id=target.external_id, value={"size": 17})

    def take_name(self, town: Any, target: Target) -> None:
        """Whoever writes that name means that content; it is as good as ours."""

    def test_made_twice_is_refused_and_harmless(self, handler: Any, target: Target) -> None:
        handler.create(target)
        before = handler.observe(target)
        with pytest.raises(AlreadyExists):
            handler.handler.create(target)
        assert handler.observe(target) == before

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Handler, target: Target) -> None:
        """Its name holds our marker, its sum and its length: nobody has it by chance. Other content, other name."""
        handler.create(target)
        other = town.image_target(content=b"y")
        assert handler.observe(other) == Absent()

    def test_what_does_not_fit_its_sum_is_not_put_in_its_place(self, handler: Any, target: Target) -> None:
        other = replace(target, spec=replace(target.spec, sha512="0" * 128))
        with pytest.raises(PermanentError, match="has not the sum") as refused:
            handler.create(other)
        assert refused.value.reason == "ContentDiffers"
        assert handler.observe(other) == Absent()

    def test_another_content_under_the_same_row_is_told(self, handler: Any, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        other = replace(recorded, spec=replace(target.spec, sha512="0" * 128))
        with pytest.raises(PermanentError) as refused:
            handler.update(other, differs(other, handler.observe(other)))
        assert refused.value.reason == "ContentDiffers"

    def test_a_file_that_cannot_be_sent_leaves_nothing(
        self, handler: Any, target: Target, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(PermanentError) as refused:
            handler.create(replace(target, spec=replace(target.spec, file="/nowhere/disk.raw")))
        assert refused.value.reason == "FileMissing"
        monkeypatch.setattr(images, "LARGEST", 2**10)
        with pytest.raises(PermanentError) as refused:
            handler.create(target)
        assert refused.value.reason == "TooLarge"
        assert handler.observe(target) == Absent()

    def test_a_large_file_passes_in_small_pieces(
        self, town: Town, handler: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Above ten MiB the library would hold all of it in memory, and above two GiB it would send nothing."""
        pieces: list[int] = []
        read = Passing.read

        def counted(file: Passing, size: int | None = -1) -> bytes:
            piece = read(file, size)
            pieces.append(len(piece))
            return piece

        monkeypatch.setattr(Passing, "read", counted)
        large = town.image_target(content=b"x" * (11 * 2**20))
        made = self.recorded(large, handler.create(large).external_id)
        assert differs(made, handler.observe(made)) == {}
        assert sum(pieces) == 11 * 2**20 and max(pieces) <= 2**20

    def test_it_is_named_by_whose_it_is_and_what_it_holds(self, handler: Any, target: Target) -> None:
        size = Path(target.spec.file).stat().st_size
        name = f"mcloud.town12.disk.{target.spec.sha512[:16]}.{size}.raw"
        assert handler.create(target).external_id == f"shared:import/{name}"

    def test_one_that_is_being_copied_and_whose_task_is_not_known_is_waited_for(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        handler.create(target)
        self.spoil(town, replace(target, external_id=handler.observe(target).external_id))
        town.wire.control("slow_task", type="imgcopy", seconds=20)
        handler.handler._send(target)
        seen = handler.handler.observe(target)
        assert "imgcopy" in seen.handle
        assert isinstance(handler.observe(target), Present)
