"""Backups of guests that run: made once, found again, brought whole, removed; and told for what is in their way."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lab.proxmox import runbook
from provisioning.domain.errors import PermanentError, TemporaryError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent, InProgress, Many, Present
from provisioning.kinds.backup_server import GuestBackupSpec
from provisioning.providers.proxmox.client.errors import BackupServerAway, NotThere, TaskFailed
from provisioning.providers.proxmox.provider import ProxmoxProvider
from tests.lab.proxmox.clients import backup_root, ended
from tests.provisioning.providers.battery import ChangeableBattery, differs, present
from tests.provisioning.providers.proxmox.backed import CONTENT, Copies, backup_target, guest, with_backups
from tests.provisioning.providers.proxmox.town import STORE, Settled, Town
from tests.provisioning.providers.relay import Relay

pytestmark = pytest.mark.django_db
KIND = "proxmox.guest_backup"


@pytest.fixture
def backed(town: Town) -> Town:
    return with_backups(town)


@pytest.fixture
def target(backed: Town) -> Target:
    return backup_target(backed, guest(backed, content=b"a disk of a KiB." * 64))


@pytest.fixture
def large(backed: Town) -> Target:
    """Of a disk that comes in more than one piece."""
    return backup_target(backed, guest(backed))


def made(town: Town, target: Target) -> Target:
    """As its row knows it."""
    return replace(target, external_id=Settled(town.provider.handlers[KIND]).create(target).external_id)


class TestGuestBackup(ChangeableBattery):
    kind = KIND

    @pytest.fixture
    def town(self, backed: Town) -> Town:
        return backed

    @pytest.fixture
    def handler(self, town: Town) -> Any:
        return Settled(town.provider.handlers[KIND])

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return backup_target(town, guest(town, content=b"a disk of a KiB." * 64))

    def take_name(self, town: Any, target: Target) -> None:
        """An operator's own, of the same guest."""
        words = {"vmid": target.spec.guest, "storage": runbook.BACKUPS, "notes-template": "before the update"}
        _, node = _where(town, target.spec.guest)
        assert ended(town.outside, town.outside.nodes(node).vzdump.post(**words)) == "OK"
        Copies(town).age()

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Handler, target: Target) -> None:
        """It takes nothing away: ours is made beside it, and only ours is met, and removed."""
        self.take_name(town, target)
        assert handler.observe(target) == Absent()
        mine = self.recorded(target, handler.create(target).external_id)
        assert present(handler.observe(target)).external_id == mine.external_id
        handler.delete(mine)
        assert [one["comment"] for one in Copies(town).all()] == ["before the update"]

    def test_a_change_behind_our_back_shows_and_is_mended(
        self, town: Any, handler: Handler, target: Target
    ) -> None:
        """It shows; of another guest it cannot become."""
        target = self.recorded(target, handler.create(target).external_id)
        other = replace(target, spec=GuestBackupSpec("5999"))
        with pytest.raises(PermanentError):
            handler.update(other, differs(other, handler.observe(other)))

    def test_made_twice_is_refused_and_harmless(self, town: Town, handler: Any, target: Target) -> None:
        """Asked for while it is being made it is not asked for again; of two that came all the same one may go."""
        super().test_made_twice_is_refused_and_harmless(handler, target)
        Copies(town).age()
        first = present(handler.observe(target)).external_id
        Copies(town).change(first, comment="hidden")
        second = str(handler.create(target).external_id)
        Copies(town).change(first, comment=str(target.marker))
        seen = handler.observe(target)
        assert isinstance(seen, Many) and set(seen.ids) == seen.empty == {first, second}
        handler.delete(self.recorded(target, second))
        assert present(handler.observe(target)).external_id == first

    def test_one_whose_notes_somebody_changed_is_ours_no_more_and_stays(
        self, town: Town, handler: Any, target: Target
    ) -> None:
        target = self.recorded(target, handler.create(target).external_id)
        Copies(town).change(str(target.external_id), comment="keep this one")
        seen = handler.observe(target)
        assert isinstance(seen, Present) and not seen.ours
        handler.handler.delete(target)
        assert len(Copies(town).all()) == 1

    def test_the_census_sees_it(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        assert made.external_id in {one.external_id for one in town.provider.census() if one.kind == KIND}


def test_the_disk_comes_home_byte_for_byte_while_the_guest_runs_on(backed: Town, large: Target) -> None:
    copy = str(made(backed, large).external_id)
    assert backed.provider.taken(copy) == ("raw", len(CONTENT), "")
    assert b"".join(backed.provider.content(copy)) == CONTENT
    assert backed.provider.runs(large.spec.guest)


def test_what_comes_short_is_not_taken_for_whole(backed: Town, large: Target) -> None:
    """No length is said beforehand: what breaks off is told by the connection, what is too short by the list."""
    copy = str(made(backed, large).external_id)
    for wrong, words in (("cut", "broke off"), ("short", f"has {2**20} bytes of {len(CONTENT)}")):
        Copies(backed).change(copy, **{"cut": 0, "short": 0, wrong: 2**20})
        with pytest.raises(TemporaryError, match=words):
            list(backed.provider.content(copy))


def test_one_that_is_being_made_and_whose_task_is_not_known_is_waited_for(backed: Town, target: Target) -> None:
    """Its snapshot is listed from its first moment, without a manifest: neither there nor absent."""
    handler = backed.provider.handlers[KIND]
    backed.wire.control("slow_task", type="vzdump", seconds=3000)
    upid = handler.create(target).handle
    assert upid and len(Copies(backed).all()) == 1
    assert handler.observe(target) == handler.poll(replace(target, handle=upid)) == InProgress(upid, 1.0)
    assert backed.wire.control("finish", upid=upid) == "OK"
    assert isinstance(handler.observe(target), Present)


def test_one_that_broke_off_is_told_and_leaves_nothing(backed: Town, target: Target) -> None:
    backed.wire.control("fail_task", type="vzdump", text="job errors")
    with pytest.raises(TaskFailed, match="job errors"):
        Settled(backed.provider.handlers[KIND]).create(target)
    assert Copies(backed).all() == []
    assert backed.provider.handlers[KIND].observe(target) == Absent()


def test_one_whose_notes_did_not_come_is_told_and_not_made_again(backed: Town, target: Target) -> None:
    """A vzdump that cannot write them ends well all the same."""
    copy = str(made(backed, target).external_id)
    Copies(backed).change(copy, comment="")
    for act in (backed.provider.handlers[KIND].observe, backed.provider.handlers[KIND].create):
        with pytest.raises(PermanentError) as told:
            act(target)
        assert told.value.reason == "Unmarked"


def test_a_guest_that_is_gone_is_told_as_such(backed: Town) -> None:
    gone = backup_target(backed, "5999")
    assert backed.provider.handlers[KIND].observe(gone) == Absent()
    with pytest.raises(NotThere):
        backed.provider.handlers[KIND].create(gone)


def test_whoever_would_not_see_and_remove_all_calls_nothing_absent(backed: Town, target: Target) -> None:
    made(backed, target)
    outside, path = backup_root(backed.wire), f"/datastore/{STORE}/{runbook.NAMESPACE}"
    for role in ("DatastoreReader", "DatastorePowerUser", "NoAccess"):
        for who in ("portal@pbs", "portal@pbs!svc"):
            outside.access.acl.put(path=path, role=role, **{"auth-id": who})
        with pytest.raises(PermanentError) as refused:
            backed.provider.handlers[KIND].observe(target)
        assert refused.value.reason == "Forbidden"
        for who in ("portal@pbs", "portal@pbs!svc"):
            outside.access.acl.put(path=path, role=role, delete=1, **{"auth-id": who})


def test_without_a_storage_that_leads_there_nothing_is_made(backed: Town, target: Target) -> None:
    for storage in ("", "nowhere", "shared"):
        provider = ProxmoxProvider(replace(backed.platform, backup_storage=storage))
        with pytest.raises(PermanentError) as refused:
            provider.handlers[KIND].create(target)
        assert refused.value.reason == "NoBackupStorage"
        assert [one for one in provider.census() if one.kind == KIND] == []


def test_one_with_a_key_is_refused_before_a_backup_is_made(backed: Town, target: Target) -> None:
    copy = str(made(backed, target).external_id)
    backed.wire.control("put", section="storages", id=runbook.BACKUPS, value={"encryption-key": "autogen"})
    with pytest.raises(PermanentError) as refused:
        backed.provider.handlers[KIND].observe(backup_target(backed, target.spec.guest, "another"))
    assert refused.value.reason == "Encrypted"
    seen = {one.external_id for one in backed.provider.census() if one.kind == KIND}
    assert seen == {copy}


def _index(number: int, mode: str) -> dict[str, Any]:
    return {"filename": f"drive-scsi{number}.img.fidx", "crypt-mode": mode, "size": 9}


def test_a_disk_that_cannot_be_had_is_told_for_good(backed: Town, target: Target) -> None:
    recorded = made(backed, target)
    copy = str(recorded.external_id)
    for reason, files in (
        ("Encrypted", [_index(0, "encrypt")]),
        ("NoIndex", []),
        ("NoIndex", [_index(0, "none"), _index(1, "none")]),
    ):
        manifest = {"filename": "index.json.blob", "crypt-mode": "none", "size": 1}
        Copies(backed).change(copy, files=[*files, manifest])
        for act in (backed.provider.taken, lambda id: list(backed.provider.content(id))):
            with pytest.raises(PermanentError) as told:
                act(copy)
            assert told.value.reason == reason
    backed.provider.handlers[KIND].delete(recorded)
    with pytest.raises(PermanentError, match="is gone"):
        backed.provider.taken(copy)


@pytest.fixture
def way(backed: Town) -> Iterator[Relay]:
    made = Relay(backed.wire.backup_port)
    yield made
    made.close()


def test_a_backup_server_that_is_away_is_told_by_its_name(backed: Town, target: Target, way: Relay) -> None:
    """Nothing is asked for meanwhile, and what was made is there when it is back."""
    recorded = made(backed, target)
    beside = {**backed.platform.endpoints, "backup": f"https://127.0.0.1:{way.port}"}
    provider = ProxmoxProvider(replace(backed.platform, endpoints=beside))
    handler, copy = provider.handlers[KIND], str(recorded.external_id)
    assert isinstance(handler.observe(recorded), Present)
    way.close()
    for act in (
        lambda: handler.observe(recorded), lambda: handler.observe(target), lambda: handler.create(target),
        lambda: handler.delete(recorded), lambda: provider.taken(copy), lambda: list(provider.content(copy)),
    ):  # fmt: skip
        with pytest.raises(BackupServerAway, match="Backup Server") as away:
            act()
        assert away.value.reason == "BackupServerAway"
    way.reopen()
    assert isinstance(handler.observe(recorded), Present) and len(Copies(backed).all()) == 1


def _where(town: Town, vmid: str) -> tuple[str, str]:
    found = next(one for one in town.outside.cluster.resources.get(type="vm") if str(one["vmid"]) == vmid)
    return vmid, str(found["node"])
