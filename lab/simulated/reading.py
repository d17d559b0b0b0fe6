"""Finding the version that a call may see, with RGW's three different ways of saying no."""

from typing import Final

from lab.simulated import versions
from lab.simulated.buckets import Bucket
from lab.simulated.calls import Call, allowed
from lab.simulated.errors import Refused
from lab.simulated.versions import Version

# What a public ACL opens: the content, not the ACL itself.
_OPENED: Final = ("s3:GetObject", "s3:GetObjectVersion")


def readable(call: Call, bucket: Bucket, action: str, key: str = "", version: str | None = None) -> Version:
    """The version, when there is one and its own ACL or the policy lets the caller do `action`.

    A missing one is NoSuchKey only for who may list the bucket, AccessDenied for all others, so that nobody learns
    names by asking. A delete marker reads as missing.
    """
    key = key or call.key
    found = versions.find(call.store, bucket, key, call.version if version is None else version)
    if found is None or found.marker:
        if allowed(call, bucket, "s3:ListBucket"):
            raise Refused("NoSuchKey")
        raise Refused("AccessDenied")
    public = found.public and action in _OPENED and not bucket.blocks("IgnorePublicAcls")
    if not allowed(call, bucket, action, key, found.owner, public):
        raise Refused("AccessDenied")
    return found
