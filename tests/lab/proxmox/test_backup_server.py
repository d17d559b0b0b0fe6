"""Backup Server beside the cluster: what level 3 asks of it, in the order that it must be taken down in."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from proxmoxer import ResourceException

from tests.lab.proxmox.clients import PASSWORD, backup_by_token, backup_root, ended, fresh, root
from tests.lab.proxmox.wire import Wire

HOUR, DAY = 3600, 86_400


@pytest.fixture
def wire(emulator: Wire) -> Wire:
    fresh(emulator)
    return emulator


@pytest.fixture
def pbs(wire: Wire) -> Any:
    api = backup_root(wire)
    assert ended(api, api.config.datastore.post(name="ds1", path="/srv/ds1"), "pbs") == "OK"
    return api


def refused(code: int, words: str) -> "pytest.RaisesContext[ResourceException]":
    return pytest.raises(ResourceException, match=f"(?s){code}.*{words}")


def arrive(wire: Wire, time: int, *, store: str = "ds1", ns: str = "", size: int = 1000, **more: Any) -> None:
    snapshot = {
        "store": store,
        "ns": ns,
        "backup-type": "vm",
        "backup-id": "100",
        "backup-time": time,
        "size": size,
    }
    snapshot |= {"owner": "root@pam", "protected": 0, **more}
    wire.control("put", product="PBS", section="snapshots", id=f"{store}:{ns}:vm/100/{time}", value=snapshot)


def test_its_upids_have_ten_fields(pbs: Any) -> None:
    upid = pbs.admin.datastore("ds1").gc.post()
    assert len(upid.split(":")) == 10
    assert ended(pbs, upid, "pbs") == "OK"


def test_a_namespace_is_made_one_level_a_call(pbs: Any) -> None:
    store = pbs.admin.datastore("ds1")
    with refused(400, "parent namespace 'town' does not exist"):
        store.namespace.post(name="prod", parent="town")
    store.namespace.post(name="town")
    store.namespace.post(name="prod", parent="town")
    with refused(400, "already exists"):
        store.namespace.post(name="town")
    assert [one["ns"] for one in store.namespace.get()] == ["", "town", "town/prod"]


def test_a_token_needs_a_grant_beside_its_users(wire: Wire, pbs: Any) -> None:
    pbs.admin.datastore("ds1").namespace.post(name="town")
    pbs.access.users.post(userid="town@pbs")
    token = pbs.access.users("town@pbs").token("appliance").post()
    assert token["tokenid"] == "town@pbs!appliance"
    grant = {"path": "/datastore/ds1/town", "role": "DatastoreBackup"}
    pbs.access.acl.put(**grant, **{"auth-id": "town@pbs"})
    town = backup_by_token(wire, "town@pbs", "appliance", token["value"])
    with refused(403, "permission check failed"):
        town.admin.datastore("ds1").snapshots.get(ns="town")
    pbs.access.acl.put(**grant, **{"auth-id": token["tokenid"]})
    arrive(wire, 1000, ns="town", owner="somebody@pbs")
    arrive(wire, 2000, ns="town", owner=token["tokenid"])
    mine = town.admin.datastore("ds1").snapshots.get(ns="town")
    assert [one["backup-time"] for one in mine] == [2000]
    with refused(403, "permission check failed"):
        town.admin.datastore("ds1").snapshots.get()


def test_pruning_frees_nothing_until_garbage_is_collected(wire: Wire, pbs: Any) -> None:
    store = pbs.admin.datastore("ds1")
    for day in range(4):
        arrive(wire, 20 * DAY + day * DAY + HOUR)
    arrive(wire, HOUR, protected=1)
    upid = store("prune-datastore").post(**{"keep-last": 1})
    assert ended(pbs, upid, "pbs") == "OK"
    assert sorted(one["backup-time"] for one in store.snapshots.get()) == [HOUR, 23 * DAY + HOUR]
    assert store.status.get()["used"] == 5000
    ended(pbs, store.gc.post(), "pbs")
    assert store.status.get()["used"] == 2000


def test_a_rotten_snapshot_fails_the_verification_and_says_which(wire: Wire, pbs: Any) -> None:
    arrive(wire, 1000)
    arrive(wire, 2000, corrupt=1)
    assert "verification failed" in ended(pbs, pbs.admin.datastore("ds1").verify.post(), "pbs")
    states = {
        one["backup-time"]: one["verification"]["state"] for one in pbs.admin.datastore("ds1").snapshots.get()
    }
    assert states == {1000: "ok", 2000: "failed"}


def _far(wire: Wire, pbs: Any, **other: Any) -> None:
    """A second datastore as the far side, reached by this server's own address."""
    ended(pbs, pbs.config.datastore.post(name="far", path="/srv/far"), "pbs")
    pbs.access.users.post(userid="sync@pbs")
    token = pbs.access.users("sync@pbs").token("pull").post()
    for authid in ("sync@pbs", token["tokenid"]):
        pbs.access.acl.put(path="/datastore/far", role="DatastoreReader", **{"auth-id": authid})
    fingerprint = wire.control("fingerprint")
    remote = {"name": "town", "host": "127.0.0.1", "port": wire.backup_port, "auth-id": token["tokenid"]}
    pbs.config.remote.post(**{**remote, "password": token["value"], "fingerprint": fingerprint, **other})


def test_a_pull_brings_what_is_not_there_yet(wire: Wire, pbs: Any) -> None:
    _far(wire, pbs)
    arrive(wire, 1000, store="far")
    job = {"id": "s-town", "store": "ds1", "remote": "town", "remote-store": "far", "schedule": "hourly"}
    pbs.config.sync.post(**job, **{"sync-direction": "pull"})
    assert ended(pbs, pbs.admin.sync("s-town").run.post(), "pbs") == "OK"
    assert [one["backup-time"] for one in pbs.admin.datastore("ds1").snapshots.get()] == [1000]
    (shown,) = pbs.admin.sync.get()
    assert shown["last-run-state"] == "OK"


def test_lists_of_syncs_show_pulls_unless_told(wire: Wire, pbs: Any) -> None:
    _far(wire, pbs)
    for direction in ("pull", "push"):
        job = {"id": f"s-{direction}", "store": "ds1", "remote": "town", "remote-store": "far"}
        pbs.config.sync.post(**job, **{"sync-direction": direction})
    assert [one["id"] for one in pbs.admin.sync.get()] == ["s-pull"]
    assert len(pbs.admin.sync.get(**{"sync-direction": "all"})) == 2


def test_a_wrong_fingerprint_is_noticed_by_the_run(wire: Wire, pbs: Any) -> None:
    _far(wire, pbs, fingerprint=":".join(["aa"] * 32))
    pbs.config.sync.post(**{"id": "s-town", "store": "ds1", "remote": "town", "remote-store": "far"})
    assert "fingerprint" in ended(pbs, pbs.admin.sync("s-town").run.post(), "pbs")
    with refused(400, "is used by sync job"):
        pbs.config.remote("town").delete()
    pbs.config.sync("s-town").delete()
    pbs.config.remote("town").delete()
    assert pbs.config.remote.get() == []


@pytest.mark.parametrize("kind", ["prune", "verify"])
def test_jobs_are_kept_run_and_removed(pbs: Any, kind: str) -> None:
    more = {"keep-last": 1} if kind == "prune" else {"outdated-after": 30}
    pbs.config(kind).post(**{"id": "nightly", "store": "ds1", "schedule": "daily", **more})
    with refused(400, "already exists"):
        pbs.config(kind).post(**{"id": "nightly", "store": "ds1", "schedule": "daily", **more})
    assert ended(pbs, pbs.admin(kind)("nightly").run.post(), "pbs") == "OK"
    assert pbs.admin(kind).get()[0]["last-run-state"] == "OK"
    pbs.config(kind)("nightly").delete()
    with refused(404, "does not exist"):
        pbs.config(kind)("nightly").get()


def test_parameters_are_checked_against_its_own_schema(pbs: Any) -> None:
    with pytest.raises(ResourceException) as caught:
        pbs.config.remote.post(name="town", host="127.0.0.1", colour="red")
    assert caught.value.status_code == 400
    assert {"colour", "auth-id", "password"} <= set(caught.value.errors)


def test_the_cluster_backs_up_to_it(wire: Wire, pbs: Any) -> None:
    pve = root(wire)
    pbs.admin.datastore("ds1").namespace.post(name="town")
    storage = {"storage": "pbs-town", "type": "pbs", "server": "127.0.0.1", "port": wire.backup_port}
    storage |= {
        "datastore": "ds1",
        "namespace": "town",
        "username": "root@pam",
        "password": "x",
        "content": "backup",
    }
    with refused(500, "not verified, abort!"):
        pve.storage.post(**storage, fingerprint=":".join(["AA"] * 32))
    pve.storage.post(**storage, fingerprint=wire.control("fingerprint"))
    assert pve.nodes("pve1").storage("pbs-town").status.get()["active"] == 1
    ended(pve, pve.nodes("pve1").qemu.post(vmid=100, scsi0="shared:1"))
    assert ended(pve, pve.nodes("pve1").vzdump.post(vmid=100, storage="pbs-town", mode="stop")) == "OK"
    (snapshot,) = pbs.admin.datastore("ds1").snapshots.get(ns="town")
    assert (snapshot["backup-type"], snapshot["backup-id"]) == ("vm", "100")


def test_a_disk_comes_back_as_it_was_imported_unless_it_is_encrypted(wire: Wire, pbs: Any, tmp_path: Path) -> None:
    pve, disk = root(wire), tmp_path / "disk.raw"
    disk.write_bytes(bytes(range(256)) * 2**15)
    storage = {"type": "pbs", "server": "127.0.0.1", "port": wire.backup_port, "datastore": "ds1", "password": "x"}
    storage |= {"namespace": "town", "username": "root@pam", "fingerprint": wire.control("fingerprint")}
    pbs.admin.datastore("ds1").namespace.post(name="town")
    pve.storage.post(storage="open", **storage)
    pve.storage.post(storage="shut", **storage, **{"encryption-key": "autogen"})
    with disk.open("rb") as file:
        ended(pve, pve.nodes("pve1").storage("shared").upload.post(content="import", filename=file))
    for vmid in (100, 101):
        line = "shared:0,import-from=shared:import/disk.raw"
        assert ended(pve, pve.nodes("pve1").qemu.post(vmid=vmid, scsi0=line)) == "OK"
    words = {"notes-template": "whose it is", "storage": "open"}
    assert ended(pve, pve.nodes("pve1").vzdump.post(vmid=100, **words)) == "OK"
    assert ended(pve, pve.nodes("pve1").vzdump.post(vmid=101, storage="shut")) == "OK"
    mine, other = sorted(pbs.admin.datastore("ds1").snapshots.get(ns="town"), key=lambda one: one["backup-id"])
    assert mine["comment"] == "whose it is"
    assert mine["files"] == ["drive-scsi0.img.fidx", "qemu-server.conf.blob", "index.json.blob"]
    came = _decoded(wire, pbs, mine)
    assert came.content == disk.read_bytes()
    assert came.headers["Content-Type"] == "application/octet-stream" and "Content-Length" not in came.headers
    shut = _decoded(wire, pbs, other)
    assert (shut.status_code, shut.reason) == (400, "cannot decode 'drive-scsi0.img.fidx' - is encrypted")
    pbs.admin.datastore("ds1").snapshots.delete(ns="town", **_named(mine))
    assert pve.nodes("pve1").storage("open").content.get() == []
    assert [one["vmid"] for one in pve.nodes("pve1").storage("shut").content.get()] == [101]

    wire.control("put", section="neighbours", id=f"127.0.0.1:{wire.backup_port}", value={"answers": 0})
    said = ended(pve, pve.nodes("pve1").vzdump.post(vmid=100, storage="open"))
    assert said.startswith("could not activate storage 'open'")
    assert pbs.admin.datastore("ds1").snapshots.get(ns="town", **{"backup-id": "100"}) == []


def _named(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("backup-type", "backup-id", "backup-time")}


def _decoded(wire: Wire, pbs: Any, one: dict[str, Any]) -> requests.Response:
    """As any client asks for it, with a ticket."""
    login = pbs.access.ticket.post(username="root@pam", password=PASSWORD)
    where = f"https://127.0.0.1:{wire.backup_port}/api2/json/admin/datastore/ds1/download-decoded"
    asked = {"ns": "town", **_named(one), "file-name": "drive-scsi0.img.fidx"}
    cookies = {"PBSAuthCookie": quote(login["ticket"])}
    return requests.get(where, params=asked, cookies=cookies, verify=wire.ca_file, timeout=60)
