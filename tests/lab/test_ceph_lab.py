"""The real cluster is the region that we say it is: three sites, their placement targets, least rights."""

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError
from rgwadmin import RGWAdmin
from rgwadmin.exceptions import AccessDenied

from lab.ceph.cluster import CephCluster
from lab.ceph.rgw import ADMIN_USER, PORTAL_USER, Keys
from lab.deadline import wait_until
from lab.marche import SITE_CODES, TARGETS, Target
from lab.registry import load_system

pytestmark = pytest.mark.real


def s3(url: str, keys: Keys) -> Any:
    """An S3 client that does not try again: a test wants the first answer."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        region_name="marche",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, read_timeout=60),
    )


def admin_operations(lab: CephCluster, user: str) -> Any:
    keys = lab.keys(user)
    return RGWAdmin(keys.access_key, keys.secret_key, lab.url.removeprefix("http://"), secure=False)


@dataclass(frozen=True)
class Customer:
    """An RGW tenant of its own, made with the portal's rights and removed with the administrator's."""

    tenant: str
    s3: Any


@pytest.fixture
def customer(ceph_lab: CephCluster) -> Iterator[Customer]:
    tenant = f"lab{uuid.uuid4().hex[:12]}"
    made = admin_operations(ceph_lab, PORTAL_USER).create_user(
        uid=f"{tenant}$owner", display_name="A town", max_buckets=10, generate_key=True
    )
    keys = Keys(made["keys"][0]["access_key"], made["keys"][0]["secret_key"])
    yield Customer(tenant, s3(ceph_lab.url, keys))
    admin_operations(ceph_lab, ADMIN_USER).remove_user(uid=f"{tenant}$owner", purge_data=True)


def make_bucket(customer: Customer, name: str, target: str) -> None:
    customer.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": f":{target}"})


def test_the_three_sites_are_datacenters_with_one_osd_each(ceph_lab: CephCluster) -> None:
    with ceph_lab.mon() as mon:
        nodes = {node["id"]: node for node in mon.command("osd tree")["nodes"]}
    datacenters = {node["name"]: node for node in nodes.values() if node["type"] == "datacenter"}
    assert set(datacenters) == set(SITE_CODES)
    for site in datacenters.values():
        (host,) = site["children"]
        (osd,) = nodes[host]["children"]
        assert nodes[osd]["type"] == "osd"
        assert nodes[osd]["status"] == "up"


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.id)
def test_a_bucket_keeps_its_copies_in_exactly_the_sites_of_its_target(
    ceph_lab: CephCluster, customer: Customer, target: Target
) -> None:
    make_bucket(customer, "archive", target.id)
    customer.s3.put_object(Bucket="archive", Key="file", Body=b"x" * 1000)
    portal = admin_operations(ceph_lab, PORTAL_USER)
    bucket = portal.get_bucket(bucket=f"{customer.tenant}/archive", stats=True)
    assert bucket["placement_rule"] == target.id
    with ceph_lab.mon() as mon:
        places = mon.command("osd map", pool=target.data_pool, object=f"{bucket['marker']}_file")
        pools = {pool["pool_name"]: pool for pool in mon.command("osd pool ls", detail="detail")}
    assert {SITE_CODES[osd] for osd in places["acting"]} == set(target.sites)
    assert pools[target.data_pool]["size"] == target.copies
    # One lost site must leave a writer enough copies to go on: 2 of 3, 1 of 2.
    assert pools[target.data_pool]["min_size"] == target.copies - 1


def test_the_region_file_names_only_targets_that_the_gateway_knows(
    ceph_lab: CephCluster, customer: Customer
) -> None:
    (platform,) = yaml.safe_load(ceph_lab.region_file.read_text())["platforms"]
    assert {row["id"]: set(row["sites"]) for row in platform["placement_targets"]} == {
        target.id: set(target.sites) for target in TARGETS
    }
    for row in platform["placement_targets"]:
        make_bucket(customer, row["id"], row["id"])
    with pytest.raises(ClientError, match="InvalidLocationConstraint"):
        make_bucket(customer, "nowhere", "four-sites")


def test_a_lost_site_is_named_and_the_data_stay_readable_and_writable(
    ceph_lab: CephCluster, customer: Customer
) -> None:
    make_bucket(customer, "archive", "three-sites")
    customer.s3.put_object(Bucket="archive", Key="before", Body=b"kept")
    with ceph_lab.lost_site("pu"):
        with ceph_lab.mon() as mon:
            wait_until(
                "the loss in the health checks",
                lambda: "OSD_DATACENTER_DOWN" in ceph_lab.health(mon)[1],
                timeout_s=30,
            )
        assert customer.s3.get_object(Bucket="archive", Key="before")["Body"].read() == b"kept"
        customer.s3.put_object(Bucket="archive", Key="during", Body=b"written")
    with ceph_lab.mon() as mon:
        assert ceph_lab.health(mon) == ("HEALTH_OK", [])
    assert customer.s3.get_object(Bucket="archive", Key="during")["Body"].read() == b"written"


def test_the_gateway_itself_refuses_the_portal_a_bucket_purge(ceph_lab: CephCluster, customer: Customer) -> None:
    make_bucket(customer, "archive", "three-sites")
    customer.s3.put_object(Bucket="archive", Key="file", Body=b"kept")
    portal = admin_operations(ceph_lab, PORTAL_USER)
    with pytest.raises(AccessDenied):
        portal.remove_bucket(bucket=f"{customer.tenant}/archive", purge_objects=True)
    assert customer.s3.get_object(Bucket="archive", Key="file")["Body"].read() == b"kept"


def test_the_portal_can_keep_one_bucket_of_marks_and_no_second(ceph_lab: CephCluster) -> None:
    portal = s3(ceph_lab.url, ceph_lab.keys(PORTAL_USER))
    ours = [bucket["Name"] for bucket in portal.list_buckets()["Buckets"]]
    made = f"marks-{uuid.uuid4().hex[:8]}" if not ours else ""
    if made:
        portal.create_bucket(Bucket=made)
    with pytest.raises(ClientError, match="TooManyBuckets"):
        portal.create_bucket(Bucket=f"second-{uuid.uuid4().hex[:8]}")
    if made:
        portal.delete_bucket(Bucket=made)


PORTAL_LOOKS = ("df", "status", "health", "osd tree", "osd df", "osd dump", "osd crush dump", "osd pool ls")


@pytest.fixture
def portal_rados(ceph_lab: CephCluster) -> Iterator[Any]:
    """The portal's cephx identity, connected as the region file tells the portal to."""
    import rados

    (platform,) = yaml.safe_load(ceph_lab.region_file.read_text())["platforms"]
    identity = yaml.safe_load(Path(platform["credentials_file"]).read_text())
    conf = platform["endpoints"]["mon"].removeprefix("rados:")
    limits = {"client_mount_timeout": "10", "rados_mon_op_timeout": "10", "rados_osd_op_timeout": "10"}
    with rados.Rados(
        conffile=conf,
        rados_id=identity["rados_id"],
        conf={"keyring": identity["rados_keyring"], **limits},
    ) as cluster:
        yield cluster


@pytest.mark.parametrize("prefix", PORTAL_LOOKS)
def test_the_portal_may_look(portal_rados: Any, prefix: str) -> None:
    code, answer, words = portal_rados.mon_command(json.dumps({"prefix": prefix, "format": "json"}), b"")
    assert (code, words) == (0, "")
    assert json.loads(answer)


@pytest.mark.parametrize(
    "command",
    [
        {"prefix": "osd pool create", "pool": "forbidden"},
        {"prefix": "osd pool delete", "pool": "cephfs.data"},
        {"prefix": "osd out", "ids": ["0"]},
        {"prefix": "auth ls"},
        {"prefix": "config-key dump"},
    ],
    ids=lambda command: command["prefix"],
)
def test_the_portal_may_not_touch(portal_rados: Any, command: dict[str, object]) -> None:
    code, _, words = portal_rados.mon_command(json.dumps(command), b"")
    assert (code, words) == (-13, "access denied")


def test_the_portal_cannot_read_an_authority_s_bytes_past_the_gateway(
    ceph_lab: CephCluster, customer: Customer, portal_rados: Any
) -> None:
    import rados

    make_bucket(customer, "archive", "three-sites")
    customer.s3.put_object(Bucket="archive", Key="file", Body=b"private")
    bucket = admin_operations(ceph_lab, PORTAL_USER).get_bucket(bucket=f"{customer.tenant}/archive", stats=True)
    pool = portal_rados.open_ioctx("marche.three-sites.data")
    with pytest.raises(rados.PermissionError):
        pool.read(f"{bucket['marker']}_file")


def test_what_was_stored_is_there_after_down_keep_and_start(tmp_path: Path) -> None:
    lab = load_system("ceph", tmp_path)
    assert isinstance(lab, CephCluster)
    try:
        lab.up()
        keeper = s3(lab.url, lab.keys(ADMIN_USER))
        keeper.create_bucket(Bucket="kept")
        keeper.put_object(Bucket="kept", Key="file", Body=b"still here")
        lab.down(keep=True)
        assert lab.status().state == "stopped"
        lab.start()
        assert keeper.get_object(Bucket="kept", Key="file")["Body"].read() == b"still here"
    finally:
        lab.down(keep=False)
    assert not lab.folder.exists()


FORKING = """
import json, os, signal, sys, rados

def ask(cluster):
    return cluster.mon_command(json.dumps({"prefix": "osd stat"}), b"")[0]

def connect():
    limits = dict.fromkeys(("client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout"), "2")
    cluster = rados.Rados(conffile=sys.argv[1], name="client.admin", conf=limits)
    cluster.connect()
    return cluster

inherited = connect()
child = os.fork()
if child == 0:
    signal.alarm(5)
    os._exit(ask(inherited if sys.argv[2] == "inherited" else connect()))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize(("handle", "end"), [("inherited", -signal.SIGALRM), ("fresh", 0)])
def test_a_rados_handle_hangs_after_a_fork_unless_it_is_made_anew(
    ceph_lab: CephCluster, handle: str, end: int
) -> None:
    """The timeouts of the connection (2 s) do not help the inherited one: only the alarm (5 s) ends it."""
    asked = [sys.executable, "-c", FORKING, str(ceph_lab.conf), handle]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) == end
