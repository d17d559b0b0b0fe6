"""Archives: in shape, in the hands of their owner only, and never emptied by the way."""

from dataclasses import replace
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from provisioning.domain.errors import PermanentError, StillAtWork, TemporaryError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent, Present
from provisioning.domain.secrets import Secret
from provisioning.kinds.ceph import BucketSpec
from provisioning.providers.ceph.client import s3
from provisioning.providers.ceph.handlers import bucket as bucket_handler
from tests.provisioning.providers.battery import ChangeableBattery, differs, present
from tests.provisioning.providers.ceph.town import Town

Keys = dict[str, Secret]


@pytest.fixture
def owner_key(town: Town) -> Keys:
    return town.make_key(town.make_user("owner", max_buckets=5))


def archive(town: Town, key: Keys, **words: Any) -> Target:
    """An archive's target; `incarnation` and the fields of its spec may be said."""
    incarnation, name = words.pop("incarnation", 1), words.pop("bucket", "backup")
    uids = {role: f"{town.tenant}${role}" for role in ("owner", "writer", "restore", "probe")}
    shape = {"placement_target": "two-sites-an-pu", "retention_days": 30, "immutability": "none"}
    spec = BucketSpec(bucket=name, owner_key=key["access_key"].reveal(), **{**uids, **shape, **words})
    return town.target(f"archive-{name}", spec, incarnation=incarnation, ref_secrets={"owner_key": key})


class TestBucket(ChangeableBattery):
    kind = "ceph.bucket"

    @pytest.fixture
    def target(self, town: Town, owner_key: Keys) -> Target:
        return archive(town, owner_key, immutability="governance")

    def spoil(self, town: Town, target: Target) -> None:
        town.s3(dict(target.ref_secrets["owner_key"])).delete_bucket_policy(Bucket="backup")

    def take_name(self, town: Town, target: Target) -> None:
        stranger = town.make_key(town.make_user("stranger", max_buckets=1))
        town.s3(stranger).create_bucket(Bucket="backup")

    def owner(self, town: Town, target: Target) -> Any:
        return town.s3(dict(target.ref_secrets["owner_key"]))

    @pytest.mark.parametrize("immutability", ["none", "governance", "compliance"])
    def test_every_immutability_comes_out_as_declared(
        self, town: Town, owner_key: Keys, handler: Handler, immutability: str
    ) -> None:
        target = archive(town, owner_key, immutability=immutability)
        handler.create(target)
        seen = present(handler.observe(target))
        assert differs(target, seen) == {}
        assert seen.attributes["placement_target"] == "two-sites-an-pu"
        assert seen.outputs == {"bucket": "backup", "tenant": town.tenant}

    @pytest.mark.parametrize(
        ("call", "words", "field"),
        [
            ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}, "versioning"),
            ("delete_bucket_lifecycle", {}, "retention_days"),
            ("delete_bucket_policy", {}, "policy"),
            ("delete_public_access_block", {}, "private"),
        ],
        ids=["versioning", "lifecycle", "policy", "public access"],
    )
    def test_each_setting_altered_behind_our_back_shows_and_is_mended(
        self, town: Town, owner_key: Keys, handler: Handler, call: str, words: dict[str, Any], field: str
    ) -> None:
        target = archive(town, owner_key)
        handler.create(target)
        getattr(self.owner(town, target), call)(Bucket="backup", **words)
        after = differs(target, handler.observe(target))
        assert set(after) == {field}
        handler.update(target, after)
        assert differs(target, handler.observe(target)) == {}

    @pytest.mark.parametrize("days", [None, 2])
    def test_a_shortened_or_dropped_default_retention_shows_and_is_mended(
        self, town: Town, handler: Handler, target: Target, days: int | None
    ) -> None:
        handler.create(target)
        rule = {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": days}}} if days else {}
        self.owner(town, target).put_object_lock_configuration(
            Bucket="backup", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", **rule}
        )
        after = differs(target, handler.observe(target))
        assert after
        handler.update(target, after)
        assert differs(target, handler.observe(target)) == {}

    def test_a_longer_retention_is_reached(self, town: Town, owner_key: Keys, handler: Handler) -> None:
        handler.create(archive(town, owner_key, immutability="compliance"))
        longer = archive(town, owner_key, immutability="compliance", retention_days=90)
        handler.update(longer, differs(longer, handler.observe(longer)))
        assert differs(longer, handler.observe(longer)) == {}

    @pytest.mark.parametrize("immutability", ["none", "governance"])
    def test_stopped_right_after_the_bucket_it_is_ours_and_shows_what_is_missing(
        self, town: Town, owner_key: Keys, handler: Handler, immutability: str
    ) -> None:
        target = archive(town, owner_key, immutability=immutability)
        self.owner(town, target).create_bucket(
            Bucket="backup",
            CreateBucketConfiguration={"LocationConstraint": ":two-sites-an-pu"},
            ObjectLockEnabledForBucket=immutability != "none",
        )
        after = differs(target, handler.observe(target))
        assert {"policy", "retention_days"} <= set(after)
        handler.update(target, after)
        assert differs(target, handler.observe(target)) == {}

    def test_a_bucket_tagged_for_another_resource_is_not_ours(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        handler.create(target)
        tags = {"TagSet": [{"Key": "mcloud", "Value": "mcloud.other.archive"}]}
        self.owner(town, target).put_bucket_tagging(Bucket="backup", Tagging=tags)
        seen = handler.observe(target)
        assert isinstance(seen, Present)
        assert not seen.ours

    def test_immutability_cannot_be_had_later(self, town: Town, owner_key: Keys, handler: Handler) -> None:
        handler.create(archive(town, owner_key))
        wanted = archive(town, owner_key, immutability="compliance")
        with pytest.raises(PermanentError):
            handler.update(wanted, differs(wanted, handler.observe(wanted)))

    def test_it_cannot_move_to_other_sites(self, town: Town, owner_key: Keys, handler: Handler) -> None:
        handler.create(archive(town, owner_key))
        wanted = archive(town, owner_key, placement_target="three-sites")
        with pytest.raises(PermanentError):
            handler.update(wanted, differs(wanted, handler.observe(wanted)))

    @pytest.mark.parametrize("hidden", [False, True], ids=["an object", "only an old version and a marker"])
    def test_data_is_never_removed_with_it(
        self, town: Town, owner_key: Keys, handler: Handler, hidden: bool
    ) -> None:
        target = archive(town, owner_key)
        made = handler.create(target)
        owner = self.owner(town, target)
        owner.put_object(Bucket="backup", Key="a", Body=b"1")
        if hidden:
            owner.delete_object(Bucket="backup", Key="a")
        with pytest.raises(PermanentError) as refused:
            handler.delete(self.recorded(target, made.external_id))
        assert refused.value.reason == "NotEmpty"
        versions = owner.list_object_versions(Bucket="backup")["Versions"]
        assert [one["Key"] for one in versions] == ["a"]

    def test_what_a_plan_gave_up_goes_with_it(self, town: Town, owner_key: Keys, handler: Handler) -> None:
        target = archive(town, owner_key)
        made = handler.create(target)
        beside = archive(town, owner_key, bucket="beside")
        handler.create(beside)
        owner = self.owner(town, target)
        for bucket in ("backup", "beside"):
            owner.put_object(Bucket=bucket, Key="a", Body=b"1")
            owner.put_object(Bucket=bucket, Key="a", Body=b"2")
            owner.delete_object(Bucket=bucket, Key="a")
            owner.create_multipart_upload(Bucket=bucket, Key="half")
        given_up = replace(self.recorded(target, made.external_id), purge=True)
        handler.delete(given_up)
        handler.delete(given_up)
        assert handler.observe(given_up) == Absent()
        assert [one["Name"] for one in owner.list_buckets()["Buckets"]] == ["beside"]
        assert len(owner.list_object_versions(Bucket="beside")["Versions"]) == 2

    def test_much_goes_in_pieces(
        self, town: Town, owner_key: Keys, handler: Handler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bucket_handler, "EMPTYING_S", -1.0)
        monkeypatch.setattr(s3, "ERASED_AT_ONCE", 2)
        target = archive(town, owner_key)
        made = handler.create(target)
        for body in (b"123", b"456", b"789"):
            self.owner(town, target).put_object(Bucket="backup", Key="a", Body=body)
        given_up = replace(self.recorded(target, made.external_id), purge=True)
        left = []
        for _piece in range(2):
            with pytest.raises(StillAtWork) as said:
                handler.delete(given_up)
            left.append((said.value.left_objects, said.value.left_bytes))
        assert left == [(1, 3), (0, 0)]
        handler.delete(given_up)
        assert handler.observe(given_up) == Absent()

    @pytest.mark.parametrize("mode", ["governance", "compliance"])
    def test_what_is_locked_stays_whatever_was_approved(
        self, town: Town, owner_key: Keys, handler: Handler, mode: str
    ) -> None:
        target = archive(town, owner_key, immutability=mode)
        made = handler.create(target)
        owner = self.owner(town, target)
        owner.put_object(Bucket="backup", Key="a", Body=b"1")
        with pytest.raises(PermanentError) as refused:
            handler.delete(replace(self.recorded(target, made.external_id), purge=True))
        assert refused.value.reason == "Locked"
        assert [one["Key"] for one in owner.list_object_versions(Bucket="backup")["Versions"]] == ["a"]

    def test_another_bucket_of_the_same_name_is_neither_seen_nor_removed(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        made = handler.create(target)
        recorded = self.recorded(target, made.external_id)
        owner = self.owner(town, target)
        owner.delete_bucket(Bucket="backup")
        owner.create_bucket(Bucket="backup")
        assert handler.observe(recorded) == Absent()
        handler.delete(recorded)
        assert [one["Name"] for one in owner.list_buckets()["Buckets"]] == ["backup"]

    def test_the_next_incarnation_has_a_name_of_its_own(
        self, town: Town, owner_key: Keys, handler: Handler
    ) -> None:
        handler.create(archive(town, owner_key))
        second = archive(town, owner_key, incarnation=2)
        assert handler.observe(second) == Absent()
        handler.create(second)
        assert present(handler.observe(second)).outputs["bucket"] == "backup-2"
        assert differs(second, handler.observe(second)) == {}

    def test_before_the_owners_key_is_known_it_waits(self, handler: Handler, target: Target) -> None:
        handler.create(target)
        with pytest.raises(TemporaryError):
            handler.observe(replace(target, ref_secrets={}))
        unknown = {"access_key": Secret("A" * 20), "secret_key": Secret("s" * 40)}
        with pytest.raises(TemporaryError):
            handler.observe(replace(target, ref_secrets={"owner_key": unknown}))


@pytest.fixture
def people(town: Town, owner_key: Keys) -> dict[str, Any]:
    """S3 clients by role, after the archive was made with one file in two versions, the newer one a marker."""
    town.provider.handlers["ceph.bucket"].create(archive(town, owner_key, immutability="governance"))
    clients = {role: town.s3(town.make_key(town.make_user(role))) for role in ("writer", "restore", "probe")}
    clients["writer"].put_object(Bucket="backup", Key="a", Body=b"first")
    clients["writer"].put_object(Bucket="backup", Key="a", Body=b"second")
    clients["writer"].delete_object(Bucket="backup", Key="a")
    return clients | {"owner": town.s3(owner_key)}


def refused(call: Any, **words: Any) -> bool:
    try:
        call(Bucket="backup", **words)
    except ClientError as error:
        return error.response["Error"]["Code"] == "AccessDenied"
    return False


def test_a_writer_can_destroy_nothing(people: dict[str, Any]) -> None:
    writer = people["writer"]
    version = people["owner"].list_object_versions(Bucket="backup")["Versions"][0]["VersionId"]
    one = {"Key": "a", "VersionId": version}
    on = {"ObjectLockEnabled": "Enabled"}
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    assert refused(writer.delete_object, **one)
    assert refused(writer.delete_object, **one, BypassGovernanceRetention=True)
    assert refused(writer.put_object_retention, **one, Retention={"Mode": "GOVERNANCE"})
    assert refused(writer.put_object_legal_hold, **one, LegalHold={"Status": "ON"})
    assert refused(writer.put_bucket_versioning, VersioningConfiguration={"Status": "Suspended"})
    assert refused(writer.delete_bucket_lifecycle)
    assert refused(writer.delete_bucket_policy)
    assert refused(writer.put_bucket_policy, Policy='{"Version":"2012-10-17","Statement":[]}')
    assert refused(writer.put_object_lock_configuration, ObjectLockConfiguration=on)
    assert refused(writer.put_bucket_tagging, Tagging=tags)
    assert refused(writer.delete_bucket)
    kept = people["owner"].list_object_versions(Bucket="backup")["Versions"]
    assert len(kept) == 2


def test_nothing_that_a_writer_uploads_is_public(people: dict[str, Any], town: Town) -> None:
    writer = people["writer"]
    writer.put_object(Bucket="backup", Key="open", Body=b"x", ACL="public-read")
    url = f"{town.platform.endpoints['data']}/{town.tenant}:backup/open"
    assert requests.get(url, timeout=10).status_code == 403
    assert refused(writer.put_object_acl, Key="open", ACL="public-read")
    off = {"IgnorePublicAcls": False}
    assert refused(writer.put_public_access_block, PublicAccessBlockConfiguration=off)
    assert refused(writer.delete_public_access_block)
    assert people["restore"].get_object(Bucket="backup", Key="open")["Body"].read() == b"x"


@pytest.mark.parametrize("role", ["restore", "probe"])
def test_restore_and_probe_read_every_version_and_write_nothing(people: dict[str, Any], role: str) -> None:
    client = people[role]
    versions = client.list_object_versions(Bucket="backup")["Versions"]
    bodies = {
        client.get_object(Bucket="backup", Key="a", VersionId=one["VersionId"])["Body"].read() for one in versions
    }
    assert bodies == {b"first", b"second"}
    assert refused(client.put_object, Key="b", Body=b"x")
    assert refused(client.delete_object, Key="a")


def test_nobody_but_the_owner_makes_buckets(people: dict[str, Any]) -> None:
    for role in ("writer", "restore", "probe"):
        with pytest.raises(ClientError):
            people[role].create_bucket(Bucket="another")
