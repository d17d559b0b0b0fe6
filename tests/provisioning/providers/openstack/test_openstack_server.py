"""Servers of a town, that run nothing; and on the lab's emulated host one that really boots."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from lab.deadline import wait_until
from lab.openstack import qemu
from lab.openstack.image import MARKER_SHA256, drill_image
from provisioning.domain.errors import PermanentError, TemporaryError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent, Many
from provisioning.domain.region import Platform
from provisioning.providers.openstack.client.errors import NotThere
from provisioning.providers.openstack.provider import OpenStackProvider
from tests.provisioning.providers.battery import ChangeableBattery, differs, present
from tests.provisioning.providers.openstack.conftest import REAL
from tests.provisioning.providers.openstack.town import PROJECT, Settled, Town


@pytest.fixture(scope="module")
def home(
    outside: Any,
    openstack_platform: Platform,
    openstack_provider: OpenStackProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Town:
    """A town whose project, network and credential serve all of these tests."""
    stack, folder = f"t{uuid.uuid4().hex[:11]}", tmp_path_factory.mktemp("home")
    made = Town(openstack_platform, openstack_provider, stack, outside, folder)
    roomy = replace(PROJECT, servers=30, vcpus=30, ram_mib=-1, ports=60)
    made.__dict__["project"] = made.make("project", "reserve", roomy)
    return made


class TestServer(ChangeableBattery):
    kind = "openstack.server"

    @pytest.fixture
    def town(self, home: Town) -> Town:
        return home

    @pytest.fixture
    def handler(self, town: Town) -> Any:
        return Settled(town.provider.handlers[self.kind])

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.server_target(f"vm-{uuid.uuid4().hex[:6]}")

    def spoil(self, town: Any, target: Target) -> None:
        town.outside.compute.stop_server(target.external_id)
        server = town.outside.compute.get_server(target.external_id)
        town.outside.compute.wait_for_server(server, "SHUTOFF", interval=0.3, wait=60)

    def take_name(self, town: Any, target: Target) -> None:
        made = town.provider.handlers[self.kind].create(town.server_target(f"{target.name}-x"))
        server = town.outside.compute.get_server(made.external_id)
        town.outside.compute.update_server(server, name=target.full_name.replace(".", "-"))

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Handler, target: Target) -> None:
        """It takes nothing away: ours is made beside it, and only ours is met."""
        self.take_name(town, target)
        assert handler.observe(target) == Absent()
        made = handler.create(target)
        assert present(handler.observe(target)).external_id == made.external_id

    def test_it_is_plugged_into_its_port_which_outlives_it(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        (port,) = town.outside.network.ports(device_id=recorded.external_id)
        assert port.id == target.spec.port
        handler.delete(recorded)
        assert not town.outside.network.get_port(port.id).device_id

    @pytest.mark.deep
    def test_two_of_one_marker_are_shown_and_none_is_called_empty(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        """A machine bears data: a person says which one goes."""
        one = handler.create(target).external_id
        twin = town.server_target(f"{target.name}-t")
        two = handler.create(replace(target, spec=twin.spec)).external_id
        seen = handler.handler.observe(target)
        assert isinstance(seen, Many)
        assert (set(seen.ids), seen.empty) == ({one, two}, frozenset())

    def test_one_for_which_there_is_no_host_says_whose_move_it_is(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        """It is there all the same, and goes like any other."""
        huge = town.outside.compute.create_flavor(name=f"huge-{target.name}", ram=10**7, vcpus=1, disk=1)
        nowhere = replace(target, spec=replace(target.spec, flavor=huge.name))
        recorded = self.recorded(nowhere, handler.create(nowhere).external_id)
        town.outside.compute.delete_flavor(huge)
        after = differs(recorded, handler.observe(recorded))
        assert after["running"] is True
        with pytest.raises(PermanentError) as failed:
            handler.handler.update(recorded, after)
        assert failed.value.reason == "NoHost"
        handler.delete(recorded)

    def test_more_than_the_quota_is_told_as_such(self, town: Town) -> None:
        small = Town(town.platform, town.provider, f"{town.stack}q", town.outside, town.folder)
        small.__dict__["project"] = small.make("project", "reserve", replace(PROJECT, servers=0))
        with pytest.raises(PermanentError) as refused:
            town.provider.handlers[self.kind].create(small.server_target("vm"))
        assert refused.value.reason == "QuotaExceeded"

    def test_a_credential_that_is_gone_is_told_and_tried_again(self, town: Town, target: Target) -> None:
        lost = replace(target, spec=replace(target.spec, credential=uuid.uuid4().hex))
        with pytest.raises(TemporaryError, match="was not let in"):
            town.provider.handlers[self.kind].create(lost)

    def test_its_console_is_read(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        assert "FAKE CONSOLE" in town.provider.console(str(made.external_id))
        with pytest.raises(NotThere):
            town.provider.console(str(uuid.uuid4()))

    @pytest.mark.deep
    def test_the_census_sees_it(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        seen = {one.external_id for one in town.provider.census() if one.kind == self.kind}
        assert made.external_id in seen


@pytest.mark.deep
@pytest.mark.parametrize("body", [REAL], indirect=True)
def test_the_image_of_a_drill_boots_in_a_town_and_says_so_on_its_console(home: Town) -> None:
    image = home.image_target("drill", drill_image().read_bytes(), "qcow2")
    drill = str(Settled(home.provider.handlers["openstack.image"]).create(image).external_id)
    target = home.server_target(f"drill-{uuid.uuid4().hex[:6]}", image=drill, zone=qemu.ZONE)
    handler = Settled(home.provider.handlers["openstack.server"])
    target = replace(target, external_id=handler.create(target).external_id)
    assert differs(target, handler.observe(target)) == {}
    said = f"MARKER {MARKER_SHA256}"
    # Assumption: an emulated kernel on a busy machine needs ten times the six seconds of an idle one.
    wait_until(
        "the marker", lambda: said in home.provider.console(str(target.external_id)), timeout_s=90, every_s=0.5
    )
    handler.delete(target)
