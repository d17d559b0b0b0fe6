"""What stops a purge: RGW's caps for a bucket, and nothing but the portal's own guard for a user."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rgwadmin.exceptions import AccessDenied, NoSuchUser

from lab.deadline import wait_until
from provisioning.providers.ceph.client.credentials import read
from provisioning.providers.ceph.client.guard import PurgeRefused, refuse_admin, refuse_s3
from provisioning.providers.ceph.client.rgw import GuardedAdmin, connect
from tests.provisioning.providers.ceph.town import Town


@pytest.fixture
def guarded(town: Town) -> GuardedAdmin:
    """The library as the portal uses it, with every method of its own."""
    mine = read(town.platform.credentials_file)
    server = town.platform.endpoints["api"].removeprefix("http://")
    return connect(server, False, mine.access_key, mine.secret_key.reveal(), None)


@pytest.fixture
def locked(town: Town) -> Any:
    """The owner's S3 client, with one object under COMPLIANCE in the bucket `vault`."""
    owner = town.s3(town.make_key(town.make_user("owner", max_buckets=1)))
    owner.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 365}}
    owner.put_object_lock_configuration(
        Bucket="vault", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    owner.put_object(Bucket="vault", Key="a", Body=b"for a year")
    return owner


def test_the_guard_is_what_stops_the_purge_of_a_user(town: Town, guarded: GuardedAdmin, locked: Any) -> None:
    uid = f"{town.tenant}$owner"
    with pytest.raises(PurgeRefused):
        guarded.remove_user(uid=uid, purge_data=True)
    assert locked.get_object(Bucket="vault", Key="a")["Body"].read() == b"for a year"
    # The same call, the same key, without the guard: RGW lets it happen, a year's lock or not.
    town.outside.remove_user(uid=uid, purge_data=True)
    with pytest.raises(NoSuchUser):
        town.outside.get_user(uid=uid)

    def gone() -> bool:
        try:
            locked.get_object(Bucket="vault", Key="a")
        except ClientError:
            return True
        return False

    wait_until("the data destroyed", gone, timeout_s=15)


def test_the_caps_stop_the_purge_of_a_bucket_and_the_guard_does_not_even_ask(
    town: Town, guarded: GuardedAdmin, locked: Any
) -> None:
    bucket = f"{town.tenant}/vault"
    with pytest.raises(PurgeRefused):
        guarded.remove_bucket(bucket=bucket, purge_objects=True)
    with pytest.raises(AccessDenied):
        town.outside.remove_bucket(bucket=bucket, purge_objects=True)
    assert locked.get_object(Bucket="vault", Key="a")["Body"].read() == b"for a year"


def test_the_portal_gives_no_caps_though_the_gateway_would_let_it(town: Town, guarded: GuardedAdmin) -> None:
    uid = town.make_user("owner")
    attempts: list[Callable[[], Any]] = [
        lambda: guarded.add_capability(uid=uid, user_caps="buckets=*"),
        lambda: guarded.modify_user(uid=uid, user_caps="buckets=*"),
        lambda: guarded.create_user(uid=f"{uid}2", display_name="x", user_caps="users=*"),
    ]
    for attempt in attempts:
        with pytest.raises(PurgeRefused):
            attempt()
    assert town.outside.get_user(uid=uid)["caps"] == []
    town.outside.add_capability(uid=uid, user_caps="buckets=*")
    assert town.outside.get_user(uid=uid)["caps"] == [{"type": "buckets", "perm": "*"}]


@pytest.mark.parametrize(
    ("method", "request_line"),
    [
        ("DELETE", "/admin/user?uid=a&purge-data=True"),
        ("delete", "/admin/user?uid=a&purge-data=true"),
        ("DELETE", "/admin/user?uid=a&purge-data=1"),
        ("DELETE", "/admin/user?uid=a&purge-data"),
        ("DELETE", "/admin/user?uid=a&purge%2Ddata=true"),
        ("DELETE", "/admin/user?uid=a&purge-data=false&purge-data=true"),
        ("DELETE", "/admin/bucket?bucket=a&purge-objects=True"),
        ("DELETE", "/admin/bucket?bucket=a"),
        ("DELETE", "/admin/bucket/?bucket=a&bypass-gc=true"),
        ("PUT", "/admin/metadata/user?key=a"),
        ("DELETE", "/admin/metadata/bucket?key=a"),
        ("PUT", "/admin/user?caps&uid=a&user-caps=buckets=*"),
    ],
)
def test_every_spelling_of_a_purge_is_refused(method: str, request_line: str) -> None:
    with pytest.raises(PurgeRefused):
        refuse_admin(method, request_line)


@pytest.mark.parametrize(
    ("method", "request_line"),
    [
        ("DELETE", "/admin/user?uid=a&purge-data=False"),
        ("PUT", "/admin/user?key&uid=a&access-key=b&secret-key=c"),
        ("GET", "/admin/metadata/user?max-entries=1"),
        ("GET", "/admin/bucket?bucket=a/b&stats=True"),
    ],
)
def test_what_the_portal_needs_passes(method: str, request_line: str) -> None:
    refuse_admin(method, request_line)


def test_no_retention_is_stepped_over(town: Town) -> None:
    with pytest.raises(PurgeRefused):
        refuse_s3({"Bucket": "a", "BypassGovernanceRetention": True})
    signed = town.provider._s3.signed("A" * 20, town.make_key(town.make_user("owner"))["secret_key"])
    with pytest.raises(PurgeRefused):
        signed._call("trying", "delete_object", Bucket="a", Key="b", VersionId="c", BypassGovernanceRetention=True)


def test_opening_a_platform_imports_no_sdk() -> None:
    code = (
        "import sys, provisioning.providers.ceph.provider\n"
        "print([m for m in ('boto3', 'botocore', 'rgwadmin', 'rados', 'requests', 'django') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
