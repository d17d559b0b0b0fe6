"""What the product relies on, true of the simulated region and of the real one alike."""

import io
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from rgwadmin.exceptions import AccessDenied, KeyExists, NoSuchBucket, NoSuchUser, UserAlreadyExists

from tests.lab.contract.place import Place
from tests.lab.contract.town import Town, becomes_refused, refused, town_on
from tests.lab.contract.wire import Keys

DENIED = (403, "AccessDenied")


@pytest.fixture(scope="module")
def town(region: Place) -> Iterator[Town]:
    with town_on(region) as made:
        yield made


@pytest.fixture(scope="module")
def locked_town(region: Place) -> Iterator[Town]:
    with town_on(region, lock=True) as made:
        yield made


def test_what_the_writer_deletes_the_restore_key_still_reads(town: Town) -> None:
    version = town.writer.put_object(Bucket="backup", Key="deleted", Body=b"kept")["VersionId"]
    assert town.writer.delete_object(Bucket="backup", Key="deleted")["DeleteMarker"] is True
    assert refused(town.restore.get_object, Bucket="backup", Key="deleted") == (404, "NoSuchKey")
    body = town.restore.get_object(Bucket="backup", Key="deleted", VersionId=version)["Body"].read()
    assert body == b"kept"
    listed = town.restore.list_object_versions(Bucket="backup", Prefix="deleted")
    assert [one["VersionId"] for one in listed["Versions"]] == [version]
    assert listed["DeleteMarkers"][0]["IsLatest"] is True


def test_what_the_writer_overwrites_the_restore_key_still_reads(town: Town) -> None:
    first = town.writer.put_object(Bucket="backup", Key="twice", Body=b"one")["VersionId"]
    town.writer.put_object(Bucket="backup", Key="twice", Body=b"two")
    assert town.restore.get_object(Bucket="backup", Key="twice")["Body"].read() == b"two"
    assert town.restore.get_object(Bucket="backup", Key="twice", VersionId=first)["Body"].read() == b"one"


def test_the_writer_can_destroy_nothing_and_change_no_setting(town: Town) -> None:
    version = town.writer.put_object(Bucket="backup", Key="v", Body=b"v")["VersionId"]
    writer = town.writer
    suspended = {"Status": "Suspended"}
    rules = {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
    everything = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::backup/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    assert refused(writer.delete_object, Bucket="backup", Key="v", VersionId=version) == DENIED
    assert refused(writer.put_bucket_versioning, Bucket="backup", VersioningConfiguration=suspended) == DENIED
    assert (
        refused(writer.put_bucket_lifecycle_configuration, Bucket="backup", LifecycleConfiguration=rules) == DENIED
    )
    assert refused(writer.put_bucket_policy, Bucket="backup", Policy=policy) == DENIED
    assert refused(writer.delete_bucket_policy, Bucket="backup") == DENIED
    assert refused(writer.delete_bucket, Bucket="backup") == DENIED
    assert refused(writer.create_bucket, Bucket="another") == DENIED
    assert refused(writer.list_object_versions, Bucket="backup") == DENIED
    versioning = town.owner.get_bucket_versioning(Bucket="backup")
    assert versioning["Status"] == "Enabled"


def test_the_restore_key_writes_nothing(town: Town) -> None:
    town.writer.put_object(Bucket="backup", Key="r", Body=b"r")
    assert refused(town.restore.put_object, Bucket="backup", Key="r", Body=b"x") == DENIED
    assert refused(town.restore.delete_object, Bucket="backup", Key="r") == DENIED
    assert refused(town.restore.create_multipart_upload, Bucket="backup", Key="r") == DENIED


def test_the_owner_reads_what_the_writer_wrote_only_when_the_policy_says_so(town: Town) -> None:
    town.writer.put_object(Bucket="backup", Key="mine", Body=b"m")
    assert refused(town.owner.get_object, Bucket="backup", Key="mine") == DENIED


def test_another_tenant_sees_nothing_and_may_use_the_same_name(region: Place, town: Town) -> None:
    town.writer.put_object(Bucket="backup", Key="secret", Body=b"s")
    with town_on(region) as other:
        assert "Contents" not in other.restore.list_objects_v2(Bucket="backup")
        assert refused(other.restore.get_object, Bucket="backup", Key="secret") == (404, "NoSuchKey")
        # boto3 takes `tenant:bucket` for a wrong name; the raw call is in the recorded scenario.
        names = [bucket["Name"] for bucket in other.owner.list_buckets()["Buckets"]]
        assert names == ["backup"]


def test_a_policy_for_another_tenant_opens_nothing_of_ours(region: Place, town: Town) -> None:
    foreign = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3::elsewhere:backup/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [foreign]})
    assert refused(town.owner.put_bucket_policy, Bucket="backup", Policy=policy) == (400, "InvalidArgument")


def test_over_the_owners_quota_the_writer_is_refused(region: Place) -> None:
    with town_on(region) as town:
        region.admin().set_user_quota(uid=town.uid("owner"), quota_type="user", max_size_kb=64, enabled=True)
        body = b"q" * 70_000
        assert becomes_refused(town.writer.put_object, Bucket="backup", Key="q", Body=body) == (
            403,
            "QuotaExceeded",
        )


def test_over_the_default_bucket_quota_the_writer_is_refused(region: Place) -> None:
    with town_on(region) as town:
        region.admin().set_user_quota(uid=town.uid("owner"), quota_type="bucket", max_size_kb=64, enabled=True)
        body = b"q" * 70_000
        assert becomes_refused(town.writer.put_object, Bucket="backup", Key="q", Body=body) == (
            403,
            "QuotaExceeded",
        )


def test_a_suspended_writer_is_refused_while_the_restore_key_reads(region: Place) -> None:
    with town_on(region) as town:
        town.writer.put_object(Bucket="backup", Key="k", Body=b"k")
        region.admin().modify_user(uid=town.uid("writer"), suspended=True)
        assert refused(town.writer.put_object, Bucket="backup", Key="x", Body=b"x") == (403, "UserSuspended")
        assert town.restore.get_object(Bucket="backup", Key="k")["Body"].read() == b"k"
        region.admin().modify_user(uid=town.uid("writer"), suspended=False)
        town.writer.put_object(Bucket="backup", Key="x", Body=b"x")


@pytest.mark.parametrize("mode", ["COMPLIANCE", "GOVERNANCE"])
def test_a_locked_version_survives_every_key_of_the_town(locked_town: Town, mode: str) -> None:
    town, until = locked_town, datetime.now(UTC) + timedelta(days=1)
    made = town.owner.put_object(
        Bucket="backup", Key=mode, Body=b"x", ObjectLockMode=mode, ObjectLockRetainUntilDate=until
    )
    version = made["VersionId"]
    for client in (town.owner, town.writer, town.restore):
        assert refused(client.delete_object, Bucket="backup", Key=mode, VersionId=version) == DENIED
    for client in (town.writer, town.restore):
        arguments = {"Bucket": "backup", "Key": mode, "VersionId": version, "BypassGovernanceRetention": True}
        assert refused(client.delete_object, **arguments) == DENIED
    assert town.owner.get_object(Bucket="backup", Key=mode, VersionId=version)["Body"].read() == b"x"


def test_compliance_yields_to_no_bypass_and_no_shorter_date(locked_town: Town) -> None:
    owner, until = locked_town.owner, datetime.now(UTC) + timedelta(days=2)
    lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    version = owner.put_object(Bucket="backup", Key="c", Body=b"x", **lock)["VersionId"]
    which = {"Bucket": "backup", "Key": "c", "VersionId": version, "BypassGovernanceRetention": True}
    assert refused(owner.delete_object, **which) == DENIED
    sooner = {"Mode": "COMPLIANCE", "RetainUntilDate": until - timedelta(days=1)}
    assert refused(owner.put_object_retention, **which, Retention=sooner) == DENIED


def test_a_legal_hold_keeps_a_version_until_it_is_lifted(locked_town: Town) -> None:
    owner = locked_town.owner
    version = owner.put_object(Bucket="backup", Key="h", Body=b"x")["VersionId"]
    which = {"Bucket": "backup", "Key": "h", "VersionId": version}
    owner.put_object_legal_hold(**which, LegalHold={"Status": "ON"})
    assert refused(owner.delete_object, **which) == DENIED
    owner.put_object_legal_hold(**which, LegalHold={"Status": "OFF"})
    owner.delete_object(**which)
    assert refused(owner.get_object, **which)[0] == 404


def test_a_user_can_be_made_once(region: Place, town: Town) -> None:
    with pytest.raises(UserAlreadyExists):
        region.admin().create_user(uid=town.uid("owner"), display_name="owner")


def test_a_key_of_one_user_cannot_become_anothers(region: Place, town: Town) -> None:
    keys = region.admin().get_user(uid=town.uid("writer"))["keys"][0]
    with pytest.raises(KeyExists):
        region.admin().create_key(uid=town.uid("owner"), access_key=keys["access_key"], secret_key="x")


def test_a_rotated_key_works_at_once_and_the_old_one_no_longer(region: Place) -> None:
    with town_on(region) as town:
        admin, new = region.admin(), Keys("N" + os.urandom(9).hex().upper(), os.urandom(20).hex())
        admin.create_key(uid=town.uid("writer"), access_key=new.access_key, secret_key=new.secret_key)
        fresh = region.s3(new)
        fresh.put_object(Bucket="backup", Key="new", Body=b"n")
        old = [key["access_key"] for key in admin.get_user(uid=town.uid("writer"))["keys"]]
        old.remove(new.access_key)
        admin.remove_key(access_key=old[0], key_type="s3", uid=town.uid("writer"))
        assert refused(town.writer.put_object, Bucket="backup", Key="old", Body=b"o") == DENIED
        fresh.put_object(Bucket="backup", Key="new", Body=b"n")


def test_a_wrong_secret_and_an_unknown_key_look_the_same(region: Place, town: Town) -> None:
    known = region.admin().get_user(uid=town.uid("writer"))["keys"][0]["access_key"]
    for keys in (Keys(known, "wrong"), Keys("UNKNOWN", "wrong")):
        assert refused(region.s3(keys).list_buckets) == DENIED


def test_what_is_not_there_says_so(region: Place, town: Town) -> None:
    admin = region.admin()
    for ask in (admin.get_user, admin.remove_user, admin.modify_user, admin.get_user_quota):
        with pytest.raises(NoSuchUser):
            ask(uid=f"{town.tenant}$nobody")
    with pytest.raises(NoSuchBucket):
        admin.get_bucket(bucket=f"{town.tenant}/nothing")
    assert admin.get_bucket(uid=f"{town.tenant}$nobody") == []
    assert refused(town.owner.list_objects_v2, Bucket="nothing") == (404, "NoSuchBucket")
    assert refused(town.restore.get_object, Bucket="backup", Key="nothing") == (404, "NoSuchKey")
    assert (
        refused(town.owner.get_bucket_lifecycle_configuration, Bucket="backup")[1] == "NoSuchLifecycleConfiguration"
    )


def test_the_portals_caps_refuse_a_purge_and_a_single_buckets_quota(region: Place, town: Town) -> None:
    admin = region.admin()
    with pytest.raises(AccessDenied):
        admin.remove_bucket(bucket=f"{town.tenant}/backup", purge_objects=True)
    with pytest.raises(AccessDenied):
        admin.set_bucket_quota(uid=town.uid("owner"), bucket="backup", max_size_kb=1, enabled=True)
    assert admin.get_bucket(bucket=f"{town.tenant}/backup")["owner"] == town.uid("owner")


def test_users_are_listed_by_page_and_each_once(region: Place, town: Town) -> None:
    admin, seen, marker = region.admin(), [], None
    while True:
        page = admin.get_metadata("user", max_entries=2, marker=marker)
        assert len(page["keys"]) <= 2
        seen += page["keys"]
        if page["truncated"] != "true":
            break
        marker = page["marker"]
    assert len(seen) == len(set(seen))
    assert {town.uid("owner"), town.uid("writer"), town.uid("restore")} <= set(seen)


def test_a_big_file_goes_up_in_parts_and_comes_back_whole(town: Town) -> None:
    content = os.urandom(12 * 2**20)
    town.writer.upload_fileobj(io.BytesIO(content), "backup", "big")
    assert town.restore.get_object(Bucket="backup", Key="big")["Body"].read() == content
    part = town.restore.get_object(Bucket="backup", Key="big", Range="bytes=8388600-8388620")
    assert part["Body"].read() == content[8388600:8388621]
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_keys_are_listed_by_page_with_folders_and_any_letters(town: Town) -> None:
    keys = ["l/a b", "l/città è+.txt", "l/sub/1", "l/sub/2", "l/z"]
    for key in keys:
        town.writer.put_object(Bucket="backup", Key=key, Body=b"x")
    pages = town.restore.get_paginator("list_objects_v2")
    asked = {"Bucket": "backup", "Prefix": "l/", "PaginationConfig": {"PageSize": 2}}
    assert [one["Key"] for page in pages.paginate(**asked) for one in page.get("Contents", [])] == keys
    folders = [
        one["Prefix"] for page in pages.paginate(**asked, Delimiter="/") for one in page.get("CommonPrefixes", [])
    ]
    assert folders == ["l/sub/"]


def test_figures_count_old_versions_and_not_markers(region: Place) -> None:
    with town_on(region) as town:
        for body in (b"a" * 5000, b"b" * 3000):
            town.writer.put_object(Bucket="backup", Key="k", Body=body)
        town.writer.delete_object(Bucket="backup", Key="k")
        usage = region.admin().get_bucket(bucket=f"{town.tenant}/backup", stats=True)["usage"]["rgw.main"]
        assert (usage["size"], usage["size_actual"], usage["num_objects"]) == (8000, 12288, 2)


def test_the_mons_name_every_site_and_every_targets_rule(region: Place) -> None:
    datacenters = {node["name"] for node in region.mon("osd tree")["nodes"] if node["type"] == "datacenter"}
    assert datacenters == {"an", "pu", "mc"}
    rules = {rule["rule_name"] for rule in region.mon("osd crush rule dump")}
    pools = {pool["pool_name"]: pool["size"] for pool in region.mon("osd pool ls", detail="detail")}
    for target, copies in {
        "three-sites": 3,
        "two-sites-an-pu": 2,
        "two-sites-an-mc": 2,
        "two-sites-pu-mc": 2,
    }.items():
        assert target in rules
        assert pools[f"marche.{target}.data"] == copies
