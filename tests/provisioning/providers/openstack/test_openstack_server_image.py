"""Images of machines that run: made once, found again, removed at any moment of the work, and brought whole."""

import hashlib
import uuid
from dataclasses import replace
from typing import Any

import pytest

from lab.deadline import wait_until
from lab.openstack import qemu
from lab.openstack.image import MARKER_SHA256, drill_image
from provisioning.domain.errors import PermanentError, TemporaryError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent
from provisioning.domain.region import Platform
from provisioning.kinds.openstack import ServerImageSpec
from provisioning.providers.openstack.client.errors import NotThere
from provisioning.providers.openstack.provider import OpenStackProvider
from tests.provisioning.providers.battery import NamelessBattery, differs
from tests.provisioning.providers.openstack.conftest import REAL
from tests.provisioning.providers.openstack.town import Settled, Town


@pytest.fixture(scope="module")
def home(
    outside: Any,
    openstack_platform: Platform,
    openstack_provider: OpenStackProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Town:
    """A town with a machine that serves all of these tests."""
    stack, folder = f"t{uuid.uuid4().hex[:11]}", tmp_path_factory.mktemp("home")
    return Town(openstack_platform, openstack_provider, stack, outside, folder)


def calm(town: Town) -> None:
    """Nova makes one image of a machine at a time."""
    wait_until(
        "a machine that is at nothing",
        lambda: not town.outside.compute.get_server(town.server).task_state,
        timeout_s=60,
        every_s=0.1,
    )


class TestServerImage(NamelessBattery):
    kind = "openstack.server_image"

    @pytest.fixture
    def town(self, home: Town) -> Town:
        calm(home)
        return home

    @pytest.fixture
    def handler(self, town: Town) -> Any:
        return Patient(town)

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.server_image_target(f"copy-{uuid.uuid4().hex[:6]}")

    def take_name(self, town: Any, target: Target) -> None:
        words = {"disk_format": "raw", "container_format": "bare", "owner": town.project}
        town.outside.image.create_image(target.full_name, allow_duplicates=True, **words)

    def unmark(self, town: Any, target: Target) -> None:
        patch = [{"op": "remove", "path": "/mcloud_marker"}]
        words = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
        town.outside.image.patch(f"/images/{target.external_id}", json=patch, headers=words).raise_for_status()

    def test_a_change_behind_our_back_shows_and_is_mended(
        self, town: Any, handler: Handler, target: Target
    ) -> None:
        """It shows; of another machine it cannot become."""
        target = self.recorded(target, handler.create(target).external_id)
        other = replace(target, spec=ServerImageSpec(str(uuid.uuid4())))
        with pytest.raises(PermanentError):
            handler.update(other, differs(other, handler.observe(other)))

    def test_a_machine_that_is_gone_is_told_as_such(self, town: Town, handler: Handler, target: Target) -> None:
        gone = replace(target, spec=ServerImageSpec(str(uuid.uuid4())))
        with pytest.raises(NotThere):
            handler.create(gone)
        assert handler.observe(gone) == Absent()

    def test_it_is_the_portals_own_and_names_its_machine(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        """Nothing of it is in the town's project, so that it stands in nobody's way there."""
        made = town.outside.image.get_image(handler.create(target).external_id)
        assert made.owner_id != town.project and made.visibility in ("private", "shared")
        assert made.instance_uuid == town.server

    def test_the_census_sees_it(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        assert made.external_id in {one.external_id for one in town.provider.census() if one.kind == self.kind}


class Patient:
    """The handler, to somebody who asks for the next image once the machine is done with the last."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._handler = town.provider.handlers[TestServerImage.kind]

    def create(self, target: Target) -> Any:
        calm(self._town)
        return self._handler.create(target)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handler, name)


@pytest.mark.parametrize("body", ["simulated"], indirect=True)
def test_its_bytes_come_whole_with_their_sum_and_while_they_come_it_can_go(town: Town) -> None:
    """Nova's fake driver writes no bytes; the next test has them from a host that does."""
    target, handler = town.server_image_target("copy"), town.provider.handlers["openstack.server_image"]
    made = str(handler.create(target).external_id)
    assert town.provider.taken(made) is None
    with pytest.raises(TemporaryError) as busy:
        handler.create(town.server_image_target("other"))
    assert busy.value.unsent
    wait_until("its content", lambda: town.provider.taken(made) is not None, timeout_s=20, every_s=0.05)
    form, size, summed = town.provider.taken(made) or ("", 0, "")
    came = b"".join(town.provider.content(made))
    assert (form, len(came), hashlib.sha512(came).hexdigest()) == ("raw", size, summed)
    assert size > 2**20
    handler.delete(replace(target, external_id=made))
    with pytest.raises(PermanentError) as gone:
        town.provider.taken(made)
    assert gone.value.reason == "TaskFailed"
    early = town.server_image_target("early")
    early = replace(early, external_id=handler.create(early).external_id)
    handler.delete(early)
    assert handler.observe(early) == Absent()


@pytest.mark.deep
@pytest.mark.parametrize("body", [REAL], indirect=True)
def test_an_image_of_a_machine_that_really_runs_boots_again(town: Town) -> None:
    """On the lab's host that boots: its disk comes back whole, and a machine made of it says the same."""
    first = Settled(town.provider.handlers["openstack.image"]).create(
        town.image_target("drill", drill_image().read_bytes(), "qcow2")
    )
    servers = Settled(town.provider.handlers["openstack.server"])
    running = str(servers.create(town.server_target("vm", str(first.external_id), zone=qemu.ZONE)).external_id)
    said = f"MARKER {MARKER_SHA256}"
    wait_until("the marker", lambda: said in town.provider.console(running), timeout_s=90, every_s=0.5)
    handler = town.provider.handlers["openstack.server_image"]
    target = town.target("copy", ServerImageSpec(running))
    copy = str(handler.create(target).external_id)
    wait_until("its content", lambda: town.provider.taken(copy) is not None, timeout_s=180, every_s=0.5)
    form, size, summed = town.provider.taken(copy) or ("", 0, "")
    came = b"".join(town.provider.content(copy))
    assert (form, len(came), hashlib.sha512(came).hexdigest()) == ("qcow2", size, summed)
    assert town.provider.runs(running)
    back = Settled(town.provider.handlers["openstack.image"]).create(town.image_target("back", came, form))
    again = str(servers.create(town.server_target("vm2", str(back.external_id), zone=qemu.ZONE)).external_id)
    wait_until("the marker again", lambda: said in town.provider.console(again), timeout_s=90, every_s=0.5)
    handler.delete(replace(target, external_id=copy))
