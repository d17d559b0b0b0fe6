"""A town's place on a Backup Server beside the cluster: on the emulator, which follows the schema alone."""

from dataclasses import replace
from typing import Any

import pytest

from provisioning.domain.errors import PermanentError, TemporaryError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent
from provisioning.kinds.backup_server import GrantSpec, JobSpec, NamespaceSpec, TokenSpec, UserSpec
from provisioning.providers.proxmox.provider import ProxmoxProvider
from tests.lab.proxmox.clients import backup_by_token, backup_root
from tests.provisioning.providers.battery import Battery, ChangeableBattery, present
from tests.provisioning.providers.proxmox.town import STORE, Town

USER = "mcloud.town12.appliance@pbs"
PLACE = "mcloud/town12/copies"


def _namespace(town: Town) -> str:
    made = town.provider.handlers["proxmox.backup_namespace"].create(town.target("copies", NamespaceSpec(STORE)))
    return str(made.external_id).partition(":")[2]


def _user(town: Town) -> Any:
    return town.provider.handlers["proxmox.backup_user"].create(town.target("appliance", UserSpec()))


def _arrive(town: Town, ns: str, number: str = "100") -> None:
    what = {"store": STORE, "ns": ns, "backup-type": "vm", "backup-id": number, "backup-time": 7, "size": 10}
    what |= {"owner": "root@pam", "protected": 0}
    town.wire.control("put", product="PBS", section="snapshots", id=f"{STORE}:{ns}:vm/{number}/7", value=what)


class TestNamespace(Battery):
    kind = "proxmox.backup_namespace"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("copies", NamespaceSpec(STORE))

    def take_name(self, town: Any, target: Target) -> None:
        """Whoever makes one of that name means ours."""

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Handler, target: Target) -> None:
        """One elsewhere is none of ours; that name below our stack's is nobody else's."""
        store = backup_root(town.wire).admin.datastore(STORE)
        store.namespace.post(name="copies")
        assert handler.observe(target) == Absent()

    def test_one_that_holds_backups_goes_only_when_it_was_said_in_words(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        _arrive(town, PLACE)
        with pytest.raises(PermanentError):
            handler.delete(recorded)
        assert present(handler.observe(recorded))
        handler.delete(replace(recorded, purge=True))
        assert handler.observe(recorded) == Absent()

    def test_the_next_incarnation_has_another_name(self, town: Town, handler: Handler) -> None:
        again = town.target("copies", NamespaceSpec(STORE), incarnation=2)
        assert handler.create(again).external_id == f"{STORE}:{PLACE}-2"

    def test_without_sight_of_the_root_nothing_is_absent(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        handler.create(target)
        outside = backup_root(town.wire)
        for who in ("portal@pbs", "portal@pbs!svc"):
            outside.access.acl.put(path=f"/datastore/{STORE}", role="NoAccess", **{"auth-id": who})
        with pytest.raises((TemporaryError, PermanentError)):
            handler.observe(target)


class TestUser(ChangeableBattery):
    kind = "proxmox.backup_user"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("appliance", UserSpec())

    def spoil(self, town: Any, target: Target) -> None:
        backup_root(town.wire).access.users(USER).put(enable=0)

    def take_name(self, town: Any, target: Target) -> None:
        backup_root(town.wire).access.users.post(userid=USER, comment="A stranger")


class TestToken(ChangeableBattery):
    kind = "proxmox.backup_token"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        _user(town)
        return town.target("writer", TokenSpec(USER))

    def spoil(self, town: Any, target: Target) -> None:
        backup_root(town.wire).access.users(USER).token("writer").put(enable=0)

    def take_name(self, town: Any, target: Target) -> None:
        backup_root(town.wire).access.users(USER).token("writer").post(comment="A stranger's")

    def test_its_value_is_handed_out_once(self, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        assert made.secrets["secret"].reveal().count("-") == 4
        assert made.secrets["secret"].reveal() not in repr(handler.observe(target))


class TestGrant(ChangeableBattery):
    kind = "proxmox.backup_grant"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        _user(town)
        return town.target("may", GrantSpec(f"/datastore/{STORE}/{_namespace(town)}", "DatastoreBackup", USER))

    def spoil(self, town: Any, target: Target) -> None:
        spec = target.spec
        words = {"path": spec.path, "role": spec.role, "auth-id": spec.holder, "propagate": 0}
        backup_root(town.wire).access.acl.put(**words)

    def take_name(self, town: Any, target: Target) -> None:
        """It has no name of its own to be taken."""

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Handler, target: Target) -> None:
        """A grant to our identity is ours, whoever made it."""
        self.spoil(town, target)
        assert present(handler.observe(target)).ours


class TestPruneJob(ChangeableBattery):
    kind = "proxmox.backup_job"
    action = "prune"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        spec = JobSpec("prune", STORE, _namespace(town), "daily", keep_last=3, keep_weekly=4)
        return town.target("prune", spec)

    def spoil(self, town: Any, target: Target) -> None:
        """Somebody lets it keep less, and something that was not asked for."""
        job = backup_root(town.wire).config.prune(target.external_id.partition(" ")[2])
        job.put(**{"keep-last": 1, "keep-yearly": 9, "disable": 1})

    def take_name(self, town: Any, target: Target) -> None:
        _, id = town.provider.handlers[self.kind]._id(target)
        words = {"id": id, "store": STORE, "schedule": "daily", "keep-last": 1}
        getattr(backup_root(town.wire).config, self.action).post(**words)


class TestVerifyJob(TestPruneJob):
    action = "verify"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        spec = JobSpec("verify", STORE, _namespace(town), "weekly", outdated_after=30)
        return town.target("verify", spec)

    def spoil(self, town: Any, target: Target) -> None:
        job = backup_root(town.wire).config.verify(target.external_id.partition(" ")[2])
        job.put(schedule="yearly", **{"outdated-after": 300})

    def take_name(self, town: Any, target: Target) -> None:
        _, id = town.provider.handlers[self.kind]._id(target)
        backup_root(town.wire).config.verify.post(id=id, store=STORE, schedule="daily")


def test_a_towns_token_sees_its_own_namespace_alone(town: Town) -> None:
    handlers = town.provider.handlers
    _user(town)
    path = f"/datastore/{STORE}/{_namespace(town)}"
    made = handlers["proxmox.backup_token"].create(town.target("writer", TokenSpec(USER)))
    for name, holder in (("may", USER), ("token-may", made.external_id)):
        handlers["proxmox.backup_grant"].create(town.target(name, GrantSpec(path, "DatastoreBackup", str(holder))))
    other = backup_root(town.wire).admin.datastore(STORE)
    other.namespace.post(name="town13", parent="mcloud")
    api = backup_by_token(town.wire, USER, "writer", made.secrets["secret"].reveal())
    assert [one["ns"] for one in api.admin.datastore(STORE).namespace.get()] == [PLACE]
    for act in (
        lambda: api.admin.datastore(STORE).namespace.post(name="more", parent=PLACE),
        lambda: api.admin.datastore(STORE).snapshots.get(ns="mcloud/town13"),
        lambda: api.config.prune.post(id="mine", store=STORE, schedule="daily", ns=PLACE),
    ):
        with pytest.raises(Exception, match="403"):
            act()


def test_the_census_sees_what_is_ours_on_the_server_too(town: Town) -> None:
    handlers, made = town.provider.handlers, []
    _user(town)
    namespace = _namespace(town)
    for kind, name, spec in (
        ("token", "writer", TokenSpec(USER)),
        ("grant", "may", GrantSpec(f"/datastore/{STORE}/{namespace}", "DatastoreBackup", USER)),
        ("job", "prune", JobSpec("prune", STORE, namespace, "daily", keep_last=1)),
    ):
        made.append(handlers[f"proxmox.backup_{kind}"].create(town.target(name, spec)).external_id)
    seen = {one.external_id for one in town.provider.census()}
    assert seen == {USER, f"{STORE}:{PLACE}", *made}


def test_a_cluster_without_a_server_beside_it_says_so(town: Town) -> None:
    alone = replace(town.platform, endpoints={"api": town.platform.endpoints["api"]})
    provider = ProxmoxProvider(alone)
    with pytest.raises(PermanentError, match="no address"):
        provider.handlers["proxmox.backup_user"].observe(town.target("appliance", UserSpec()))
    assert list(provider.census()) == []
