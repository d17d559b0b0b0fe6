"""S3 with one key: a bucket's settings, and small objects. No retries of the SDK's own: the engine looks first."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Final

from provisioning.domain.errors import PermanentError, ProviderError, TemporaryError
from provisioning.domain.secrets import Secret
from provisioning.providers.ceph.client.errors import (
    NotThere,
    Said,
    cut,
    is_untrusted,
    seconds,
    translate,
    unreachable,
    untrusted,
    unusable,
)
from provisioning.providers.ceph.client.guard import refuse_s3

CONNECT_S: Final = 3
READ_S: Final = 10
ABORT_UPLOADS_AFTER_DAYS: Final = 7  # an upload not finished in a week was given up by its client
# Whoever uploads may ask for a public ACL: it is ignored. The other three stay off, as measured on RGW 16.2.15:
# BlockPublicAcls refuses every upload, with or without an ACL; BlockPublicPolicy every policy, ours too; and
# RestrictPublicBuckets changes nothing, not even for a policy that names everybody.
NOT_PUBLIC: Final = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}
MARKER_TAG: Final = "mcloud"
_KEPT: Final = 64  # clients at hand; making one costs some 10 ms
Lifecycle = list[dict[str, Any]]


@dataclass(frozen=True)
class ObjectLock:
    """A bucket's object lock: `mode` governance or compliance, "" when it has no default retention."""

    mode: str = ""
    days: int | None = None


@dataclass(frozen=True)
class S3Object:
    """A current object; `size` in bytes."""

    key: str
    size: int
    written: datetime


class S3:
    """One gateway's S3, for any key. Clients are kept by process: a pool inherited through a fork lies."""

    def __init__(self, url: str, ca_file: str | None) -> None:
        self._url, self._ca_file = url, ca_file
        self._clients: dict[tuple[int, str, Secret], Any] = {}
        self._making = Lock()

    def signed(self, access_key: str, secret_key: Secret, *, own_key: bool = False) -> "Signed":
        """Calls signed with this key; `own_key` when it is the portal's."""
        key = (os.getpid(), access_key, secret_key)
        with self._making:
            if key not in self._clients:
                while len(self._clients) >= _KEPT:
                    self._clients.pop(next(iter(self._clients)))
                self._clients[key] = _client(self._url, access_key, secret_key, self._ca_file)
            return Signed(self._clients[key], own_key)


def _client(url: str, access_key: str, secret_key: Secret, ca_file: str | None) -> Any:
    import boto3
    from botocore.config import Config

    client = boto3.session.Session().client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key.reveal(),
        region_name="us-east-1",  # only signed, never looked up
        verify=ca_file or True,
        config=Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"total_max_attempts": 1},
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            # RGW 16 knows none of the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    client.meta.events.register("before-parameter-build.s3", lambda params, **_: refuse_s3(params))
    return client


@dataclass(frozen=True)
class Signed:
    """The calls, each in the words of what it is for."""

    _sdk: Any
    _own_key: bool

    def create_bucket(self, bucket: str, placement_target: str, *, lock: bool) -> None:
        """Repeatable by the same owner. What stands before the colon would be a zone group's name; the gateway
        that is asked stands in the right one.
        """
        self._call(
            f"creating the bucket {bucket}",
            "create_bucket",
            Bucket=bucket,
            CreateBucketConfiguration={"LocationConstraint": f":{placement_target}"},
            ObjectLockEnabledForBucket=lock,
        )

    def create_plain_bucket(self, bucket: str) -> None:
        """On the platform's default placement."""
        self._call(f"creating the bucket {bucket}", "create_bucket", Bucket=bucket)

    def delete_bucket(self, bucket: str) -> None:
        """PermanentError NotEmpty while a version or a marker is left."""
        self._call(f"removing the bucket {bucket}", "delete_bucket", Bucket=bucket)

    def marker(self, bucket: str) -> str | None:
        """Our tag's text, or None where there is none."""
        doing = f"reading the tags of {bucket}"
        found = self._found(doing, "get_bucket_tagging", "TagSet", "NoSuchTagSet", Bucket=bucket)
        return {tag["Key"]: tag["Value"] for tag in found or []}.get(MARKER_TAG)

    def set_marker(self, bucket: str, marker: str) -> None:
        tags = {"TagSet": [{"Key": MARKER_TAG, "Value": marker}]}
        self._call(f"tagging the bucket {bucket}", "put_bucket_tagging", Bucket=bucket, Tagging=tags)

    def versioning(self, bucket: str) -> bool:
        found = self._call(f"reading the versioning of {bucket}", "get_bucket_versioning", Bucket=bucket)
        return bool(found.get("Status") == "Enabled")

    def set_versioning(self, bucket: str, *, on: bool) -> None:
        words = {"Status": "Enabled" if on else "Suspended"}
        self._call(
            f"setting the versioning of {bucket}",
            "put_bucket_versioning",
            Bucket=bucket,
            VersioningConfiguration=words,
        )

    def lock(self, bucket: str) -> ObjectLock:
        doing, code = f"reading the lock of {bucket}", "ObjectLockConfigurationNotFoundError"
        name = "ObjectLockConfiguration"
        found = self._found(doing, "get_object_lock_configuration", name, code, Bucket=bucket) or {}
        rule = found.get("Rule", {}).get("DefaultRetention", {})
        if not rule:
            return ObjectLock()
        # Whoever wrote years behind our back gets another figure of days, hence a difference.
        return ObjectLock(rule["Mode"].lower(), rule.get("Days") or rule.get("Years", 0) * 365)

    def set_lock(self, bucket: str, mode: str, days: int) -> None:
        """PermanentError when the bucket was made without object lock: it cannot be had later."""
        rule = {"DefaultRetention": {"Mode": mode.upper(), "Days": days}} if mode else None
        words: dict[str, Any] = {"ObjectLockEnabled": "Enabled"} | ({"Rule": rule} if rule else {})
        self._call(
            f"setting the lock of {bucket}",
            "put_object_lock_configuration",
            Bucket=bucket,
            ObjectLockConfiguration=words,
        )

    def lifecycle(self, bucket: str) -> Lifecycle:
        doing, code = f"reading the lifecycle of {bucket}", "NoSuchLifecycleConfiguration"
        found = self._found(doing, "get_bucket_lifecycle_configuration", "Rules", code, Bucket=bucket)
        return list(found or [])

    def set_lifecycle(self, bucket: str, rules: Lifecycle) -> None:
        self._call(
            f"setting the lifecycle of {bucket}",
            "put_bucket_lifecycle_configuration",
            Bucket=bucket,
            LifecycleConfiguration={"Rules": rules},
        )

    def policy(self, bucket: str) -> dict[str, Any] | None:
        """None where there is none; a document that is no JSON object comes back as one that says so."""
        doing = f"reading the policy of {bucket}"
        found = self._found(doing, "get_bucket_policy", "Policy", "NoSuchBucketPolicy", Bucket=bucket)
        if found is None:
            return None
        try:
            document = json.loads(found)
        except ValueError:
            raise unusable(doing, "was no JSON") from None
        return document if isinstance(document, dict) else {"not an object": document}

    def set_policy(self, bucket: str, document: dict[str, Any]) -> None:
        text = json.dumps(document, separators=(",", ":"))
        self._call(f"setting the policy of {bucket}", "put_bucket_policy", Bucket=bucket, Policy=text)

    def private(self, bucket: str) -> bool:
        """No ACL opens anything in it to the public, and no switch is on that would refuse honest uploads."""
        doing, code = f"reading the public access block of {bucket}", "NoSuchPublicAccessBlockConfiguration"
        name = "PublicAccessBlockConfiguration"
        return bool(self._found(doing, "get_public_access_block", name, code, Bucket=bucket) == NOT_PUBLIC)

    def set_private(self, bucket: str, *, on: bool) -> None:
        self._call(
            f"setting the public access block of {bucket}",
            "put_public_access_block",
            Bucket=bucket,
            PublicAccessBlockConfiguration={name: on and value for name, value in NOT_PUBLIC.items()},
        )

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self._call(f"writing to {bucket}", "put_object", Bucket=bucket, Key=key, Body=body)

    def objects(self, bucket: str, prefix: str = "", after: str = "") -> Iterator[S3Object]:
        """Current objects with `prefix` that sort after `after`, by page."""
        doing = f"listing {bucket}"
        words: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "StartAfter": after}
        while True:
            found = self._call(doing, "list_objects_v2", **words)
            more = _field(doing, found, "IsTruncated")
            for one in found.get("Contents", []):
                yield S3Object(one["Key"], int(one["Size"]), one["LastModified"])
            if not more:
                return
            words["ContinuationToken"] = _field(doing, found, "NextContinuationToken")

    def erase_page(self, bucket: str) -> int:
        """Remove up to a thousand versions and markers for good; how many. Locked where one must stay."""
        doing = f"emptying {bucket}"
        found = self._call(doing, "list_object_versions", Bucket=bucket, MaxKeys=1000)
        _field(doing, found, "IsTruncated")
        listed = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        if not listed:
            return 0
        given_up = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed]
        said = self._call(doing, "delete_objects", Bucket=bucket, Delete={"Objects": given_up, "Quiet": True})
        kept = {str(fault.get("Code", "")) for fault in said.get("Errors", [])}
        if kept & {"AccessDenied", "ObjectLocked"}:
            raise PermanentError("A version is under lock.", reason="Locked")
        if kept:
            raise TemporaryError(f"Not every version could be removed ({', '.join(sorted(kept))}).")
        return len(given_up)

    def abort_uploads(self, bucket: str) -> None:
        """What was begun and never finished goes too; RGW counts its parts."""
        doing = f"ending the uploads to {bucket}"
        for one in self._call(doing, "list_multipart_uploads", Bucket=bucket).get("Uploads", []):
            words = {"Bucket": bucket, "Key": one["Key"], "UploadId": one["UploadId"]}
            with suppress(NotThere):
                self._call(doing, "abort_multipart_upload", **words)

    def _found(self, doing: str, method: str, name: str, absent: str, **words: Any) -> Any:
        """The answer's field `name`, or None for the one not-found code that means "not set"."""
        try:
            return _field(doing, self._call(doing, method, **words), name)
        except NotThere as error:
            if error.code.startswith(absent):
                return None
            raise

    def _call(self, doing: str, method: str, **words: Any) -> dict[str, Any]:
        call: Callable[..., dict[str, Any]] = getattr(self._sdk, method)
        try:
            answer = call(**words)
        except ProviderError:
            raise  # the guard's
        except Exception as error:
            raise _translated(error, doing, self._own_key) from None
        kind = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("content-type", "")
        if "html" in kind:
            raise unusable(doing, "was some other server's page")
        return answer


def _field(doing: str, found: dict[str, Any], name: str) -> Any:
    """An answer without it is some other server's: nothing there is not the same as nothing said."""
    if name not in found:
        raise unusable(doing, f"lacks {name}")
    return found[name]


def _translated(error: Exception, doing: str, own_key: bool) -> Exception:
    """What the SDK raised, in our two families; anything unknown is a fault of ours and goes up as it is."""
    from botocore import exceptions as sdk
    from botocore.parsers import ResponseParserError

    if isinstance(error, sdk.ClientError):
        about: Any = error.response.get("ResponseMetadata", {})
        code = str(error.response.get("Error", {}).get("Code", ""))
        # The SDK puts the status where a page had no code.
        code = "" if code.isdigit() else code
        status, pause = int(about.get("HTTPStatusCode", 0)), about.get("HTTPHeaders", {}).get("retry-after")
        return translate(Said(doing, status, code, seconds(pause), own_key))
    if isinstance(error, sdk.ConnectTimeoutError | sdk.ReadTimeoutError | sdk.ConnectionClosedError):
        return cut(doing)
    if isinstance(error, sdk.SSLError) and is_untrusted(error):
        return untrusted(doing)
    if isinstance(error, sdk.EndpointConnectionError):
        return unreachable(doing)
    if isinstance(error, sdk.HTTPClientError):
        return cut(doing)
    if isinstance(error, sdk.BotoCoreError | ResponseParserError):
        return unusable(doing, "could not be read")
    return error
