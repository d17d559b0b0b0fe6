"""What is uploaded as public: open to the world without the public access block, to nobody with it."""

from collections.abc import Iterator

import pytest

from tests.lab.contract.place import Place
from tests.lab.contract.town import Town, refused, town_on
from tests.lab.contract.wire import send

DENIED = (403, "AccessDenied")
NOT_PUBLIC = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}
PUBLIC = ("public-read", "public-read-write")


@pytest.fixture
def town(region: Place) -> Iterator[Town]:
    with town_on(region) as made:
        yield made


def seen_by_anybody(town: Town, key: str) -> int:
    """The status that a caller without a signature gets."""
    return send(town.place.endpoint, None, "GET", f"/{town.tenant}:backup/{key}").status


def upload_every_way(town: Town, acl: str) -> list[str]:
    """One object by each way that takes an ACL; their names."""
    writer, target = town.writer, {"Bucket": "backup"}
    writer.put_object(**target, Key=f"whole-{acl}", Body=b"x", ACL=acl)
    upload = writer.create_multipart_upload(**target, Key=f"parts-{acl}", ACL=acl)
    which = {**target, "Key": f"parts-{acl}", "UploadId": upload["UploadId"]}
    part = {"PartNumber": 1, "ETag": writer.upload_part(**which, PartNumber=1, Body=b"x")["ETag"]}
    writer.complete_multipart_upload(**which, MultipartUpload={"Parts": [part]})
    source = {"Bucket": "backup", "Key": f"whole-{acl}"}
    writer.copy_object(**target, Key=f"copy-{acl}", CopySource=source, ACL=acl)
    return [f"{way}-{acl}" for way in ("whole", "parts", "copy")]


def test_without_a_block_the_writer_can_publish_what_it_uploads(town: Town) -> None:
    names = [name for acl in PUBLIC for name in upload_every_way(town, acl)]
    assert {name: seen_by_anybody(town, name) for name in names} == dict.fromkeys(names, 200)
    for name in upload_every_way(town, "private"):
        assert seen_by_anybody(town, name) == 403


def test_with_the_block_no_upload_is_public_and_each_can_be_restored(town: Town) -> None:
    before = upload_every_way(town, "public-read")
    town.owner.put_public_access_block(Bucket="backup", PublicAccessBlockConfiguration=NOT_PUBLIC)
    names = [*before, *(name for acl in PUBLIC for name in upload_every_way(town, acl))]
    assert {name: seen_by_anybody(town, name) for name in names} == dict.fromkeys(names, 403)
    assert {town.restore.get_object(Bucket="backup", Key=name)["Body"].read() for name in names} == {b"x"}


def test_the_writer_can_neither_read_nor_lift_the_block(town: Town) -> None:
    town.owner.put_public_access_block(Bucket="backup", PublicAccessBlockConfiguration=NOT_PUBLIC)
    writer, off = town.writer, dict.fromkeys(NOT_PUBLIC, False)
    assert refused(writer.put_public_access_block, Bucket="backup", PublicAccessBlockConfiguration=off) == DENIED
    assert refused(writer.delete_public_access_block, Bucket="backup") == DENIED
    assert refused(writer.get_public_access_block, Bucket="backup") == DENIED
    kept = town.owner.get_public_access_block(Bucket="backup")["PublicAccessBlockConfiguration"]
    assert kept == NOT_PUBLIC


def test_what_is_public_already_closes_when_its_writer_or_the_block_says_so(town: Town) -> None:
    which = {"Bucket": "backup", "Key": "k"}
    town.writer.put_object(**which, Body=b"x", ACL="public-read")
    town.writer.put_object_acl(**which, ACL="private")
    assert seen_by_anybody(town, "k") == 403
    town.writer.put_object_acl(**which, ACL="public-read")
    assert seen_by_anybody(town, "k") == 200
    town.owner.put_public_access_block(Bucket="backup", PublicAccessBlockConfiguration=NOT_PUBLIC)
    assert seen_by_anybody(town, "k") == 403


def test_blocking_public_acls_too_would_refuse_every_upload(town: Town) -> None:
    """Why it stays off: RGW 16.2.15 refuses an upload that names no ACL at all."""
    more = {**NOT_PUBLIC, "BlockPublicAcls": True}
    town.owner.put_public_access_block(Bucket="backup", PublicAccessBlockConfiguration=more)
    assert refused(town.writer.put_object, Bucket="backup", Key="plain", Body=b"x") == DENIED
    town.owner.put_public_access_block(Bucket="backup", PublicAccessBlockConfiguration=NOT_PUBLIC)
    town.writer.put_object(Bucket="backup", Key="plain", Body=b"x")


def test_blocking_public_policies_too_would_refuse_every_policy(town: Town) -> None:
    """Why it stays off: RGW 16.2.15 takes a policy that names one user for a public one."""
    ours = town.owner.get_bucket_policy(Bucket="backup")["Policy"]
    more = {**NOT_PUBLIC, "BlockPublicPolicy": True}
    town.owner.put_public_access_block(Bucket="backup", PublicAccessBlockConfiguration=more)
    assert refused(town.owner.put_bucket_policy, Bucket="backup", Policy=ours) == DENIED
    town.owner.put_public_access_block(Bucket="backup", PublicAccessBlockConfiguration=NOT_PUBLIC)
    town.owner.put_bucket_policy(Bucket="backup", Policy=ours)
