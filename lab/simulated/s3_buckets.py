"""S3 on buckets themselves: list, create, head, delete, location."""

from datetime import datetime

from lab.simulated import buckets, clock, quota
from lab.simulated.buckets import ZONEGROUP, Bucket
from lab.simulated.calls import Call, require
from lab.simulated.errors import Refused
from lab.simulated.users import get_user
from lab.simulated.web import Answer
from lab.simulated.xmlbody import document, group, parsed, tag, text

XML = {"Content-Type": "application/xml"}


def list_buckets(call: Call) -> Answer:
    """An anonymous caller gets an empty list, as from RGW."""
    user = call.user
    owner = group(
        "Owner",
        [tag("ID", user.uid if user else "anonymous"), tag("DisplayName", user.display_name if user else "")],
    )
    mine = buckets.buckets_of(call.store, user.uid) if user else []
    entries = [
        group("Bucket", [tag("Name", bucket.name), tag("CreationDate", clock.iso_ms(_made(bucket)))])
        for bucket in mine
    ]
    return Answer(200, document("ListAllMyBucketsResult", [owner, group("Buckets", entries)]), XML)


def create_bucket(call: Call) -> Answer:
    """Repeating it is harmless for the owner; `LocationConstraint` is `[zonegroup]:placement-target`."""
    tenant, name = call.place()
    user = call.user
    if user is None or user.tenant != tenant or user.max_buckets < 0:
        raise Refused("AccessDenied")
    if not buckets.valid_name(name):
        raise Refused("InvalidBucketName")
    placement = _placement(call)
    there = buckets.find_bucket(call.store, tenant, name)
    if there:
        if there.owner != user.uid or (placement and placement != there.placement):
            raise Refused("BucketAlreadyExists")
        return Answer()
    if 0 < user.max_buckets <= len(buckets.buckets_of(call.store, user.uid)):
        raise Refused("TooManyBuckets")
    lock = call.header("x-amz-bucket-object-lock-enabled").lower() == "true"
    buckets.make_bucket(call.store, tenant, name, user.uid, placement or call.shape.targets[0].id, lock)
    return Answer()


def _placement(call: Call) -> str:
    """The placement target asked for; empty when none was named."""
    body = call.body()
    if not body:
        return ""
    zonegroup, _, placement = text(parsed(body), "LocationConstraint").partition(":")
    if zonegroup not in ("", ZONEGROUP):
        raise Refused("InvalidLocationConstraint", "The specified location-constraint is not valid")
    if placement and call.shape.target(placement) is None:
        raise Refused("InvalidLocationConstraint", "The specified placement target does not exist")
    return placement


def head_bucket(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:ListBucket")
    owner = get_user(call.store, bucket.owner)
    user_quota = owner.user_quota
    bucket_quota = quota.of_bucket(owner)
    headers = {
        "x-rgw-object-count": str(bucket.objects),
        "x-rgw-bytes-used": str(bucket.size),
        "x-rgw-quota-user-size": str(user_quota.max_size),
        "x-rgw-quota-user-objects": str(user_quota.max_objects),
        "x-rgw-quota-max-buckets": str(owner.max_buckets),
        "x-rgw-quota-bucket-size": str(bucket_quota.max_size),
        "x-rgw-quota-bucket-objects": str(bucket_quota.max_objects),
    }
    return Answer(200, b"", headers)


def delete_bucket(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:DeleteBucket")
    buckets.remove_bucket(call.store, bucket)
    return Answer(204)


def get_location(call: Call) -> Answer:
    require(call, call.bucket(), "s3:GetBucketLocation")
    return Answer(200, document("LocationConstraint", [ZONEGROUP]))


def get_bucket_acl(call: Call) -> Answer:
    """The only ACL there is: full control for the owner. s3cmd and rclone ask for it."""
    bucket = call.bucket()
    require(call, bucket, "s3:GetBucketAcl")
    return Answer(200, acl_of(call, bucket.owner), XML)


def acl_of(call: Call, uid: str) -> bytes:
    owner = [tag("ID", uid), tag("DisplayName", get_user(call.store, uid).display_name)]
    kind = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"'
    grant = group("Grant", [f"<Grantee{kind}>{''.join(owner)}</Grantee>", tag("Permission", "FULL_CONTROL")])
    return document("AccessControlPolicy", [group("Owner", owner), group("AccessControlList", [grant])])


def _made(bucket: Bucket) -> datetime:
    return clock.parsed(bucket.created)
