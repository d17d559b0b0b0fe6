"""S3 on what makes objects public, and on the block against it: what RGW 16.2.15 makes of it, as measured.

* `IgnorePublicAcls`: an ACL opens nothing to the public, whenever it was put.
* `BlockPublicAcls`: every upload is refused, with or without an ACL: a defect of that release.
* `BlockPublicPolicy`: every policy is refused, whomever it names: another.
* `RestrictPublicBuckets`: kept, shown, and of no effect, not even on a policy for everybody.
"""

import json
from typing import Final

from lab.simulated import buckets, versions
from lab.simulated.calls import Call, require
from lab.simulated.errors import Refused
from lab.simulated.reading import readable
from lab.simulated.s3_buckets import XML
from lab.simulated.web import Answer
from lab.simulated.xmlbody import document, parsed, tag, text

SWITCHES: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def get_public_access(call: Call) -> Answer:
    """All four, off where they were never set. The root element has that name on the real gateway."""
    bucket = call.bucket()
    require(call, bucket, "s3:GetBucketPublicAccessBlock")
    parts = [tag(name, str(bucket.blocks(name)).lower()) for name in SWITCHES]
    return Answer(200, document("BlockPublicAccessBlockConfiguration", parts, namespace=False), XML)


def put_public_access(call: Call) -> Answer:
    """What is not named is off."""
    bucket = call.bucket()
    require(call, bucket, "s3:PutBucketPublicAccessBlock")
    root = parsed(call.body())
    on = [name for name in SWITCHES if text(root, name).lower() == "true"]
    buckets.set_setting(call.store, bucket, "public_access", " ".join(on))
    return Answer()


def delete_public_access(call: Call) -> Answer:
    """Off again, by whoever may set it."""
    bucket = call.bucket()
    require(call, bucket, "s3:PutBucketPublicAccessBlock")
    buckets.set_setting(call.store, bucket, "public_access", None)
    return Answer()


def put_object_acl(call: Call) -> Answer:
    """Canned ACLs only, by header."""
    found = readable(call, call.bucket(), "s3:PutObjectAcl")
    headers = {**found.headers, versions.ACL: call.header(versions.ACL)}
    call.store.run("UPDATE versions SET headers = ? WHERE seq = ?", json.dumps(headers), found.seq)
    return Answer(200, b"", XML)


def refuse_upload(bucket: buckets.Bucket) -> None:
    """Refused AccessDenied for any body while public ACLs are blocked."""
    if bucket.blocks("BlockPublicAcls"):
        raise Refused("AccessDenied")
