"""Images of a town, from files, through Glance's own import."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioning.domain.errors import PermanentError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent
from provisioning.providers.openstack.handlers import image as images
from tests.provisioning.providers.battery import NamelessBattery, differs, present
from tests.provisioning.providers.openstack.town import Settled, Town


class TestImage(NamelessBattery):
    kind = "openstack.image"

    @pytest.fixture
    def handler(self, town: Town) -> Any:
        return Settled(town.provider.handlers[self.kind])

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.image_target("disk")

    def spoil(self, town: Any, target: Target) -> None:
        """Somebody shares it with every town."""
        town.outside.image.update_image(target.external_id, visibility="public")

    def take_name(self, town: Any, target: Target) -> None:
        words = {"disk_format": "raw", "container_format": "bare", "owner": town.project}
        town.outside.image.create_image(target.full_name, allow_duplicates=True, **words)

    def unmark(self, town: Any, target: Target) -> None:
        town.outside.image.delete(f"/images/{target.external_id}/tags/{target.marker}")

    def test_made_twice_is_refused_and_harmless(self, town: Town, handler: Handler, target: Target) -> None:
        """There are two; only one whose content never came may go by itself."""
        first = handler.create(target).external_id
        second = town.outside.image.create_image(
            target.full_name,
            allow_duplicates=True,
            owner=town.project,
            disk_format="raw",
            container_format="bare",
            tags=[str(target.marker)],
        )
        seen = handler.observe(target)
        assert (set(seen.ids), seen.empty) == ({first, second.id}, {second.id})  # type: ignore[union-attr]
        handler.delete(self.recorded(target, second.id))
        assert present(handler.observe(target)).external_id == first

    @pytest.mark.parametrize("arrived", [False, True])
    def test_one_whose_sending_broke_off_is_sent_and_imported(
        self, town: Town, handler: Handler, target: Target, arrived: bool
    ) -> None:
        """The worker died before the file went, or after it had arrived and before the import."""
        words = {"disk_format": "raw", "container_format": "bare", "owner": town.project, "visibility": "private"}
        made = town.outside.image.create_image("x", tags=[str(target.marker)], allow_duplicates=True, **words)
        if arrived:
            town.outside.image.stage_image(made, data=Path(target.spec.file).read_bytes())
        recorded = self.recorded(target, present(handler.observe(target)).external_id)
        after = differs(recorded, handler.observe(recorded))
        assert after == {"sha512": target.spec.sha512}
        handler.update(recorded, after)
        assert differs(recorded, handler.observe(recorded)) == {}

    def test_a_file_that_is_not_what_it_is_said_to_be_is_not_taken(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        """Which says that the copy is bad, and not that the platform could not."""
        wrong = replace(target, spec=replace(target.spec, format="qcow2"))
        recorded = self.recorded(wrong, handler.create(wrong).external_id)
        with pytest.raises(PermanentError) as refused:
            handler.handler.update(recorded, differs(recorded, handler.observe(recorded)))
        assert refused.value.reason == "ImageRefused"
        handler.delete(recorded)

    def test_another_content_than_was_looked_at_is_told(self, handler: Any, target: Target) -> None:
        other = replace(target, spec=replace(target.spec, sha512="0" * 128))
        recorded = self.recorded(other, handler.create(other).external_id)
        with pytest.raises(PermanentError) as refused:
            handler.handler.update(recorded, differs(recorded, handler.observe(recorded)))
        assert refused.value.reason == "ContentDiffers"

    def test_a_file_that_cannot_be_sent_leaves_nothing(
        self, handler: Handler, target: Target, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(PermanentError) as refused:
            handler.create(replace(target, spec=replace(target.spec, file="/nowhere/disk.raw")))
        assert refused.value.reason == "FileMissing"
        monkeypatch.setattr(images, "LARGEST", 2**16)
        with pytest.raises(PermanentError) as refused:
            handler.create(target)
        assert refused.value.reason == "TooLarge"
        assert handler.observe(target) == Absent()

    def test_the_census_sees_it(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        assert made.external_id in {one.external_id for one in town.provider.census() if one.kind == self.kind}
