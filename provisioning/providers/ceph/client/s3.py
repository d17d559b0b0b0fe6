"""S3 with one key: a bucket's settings, and small objects."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from provisioning.domain.errors import PermanentError, ProviderError, TemporaryError
from provisioning.providers.ceph.client.errors import CEPH, NotThere
from provisioning.providers.ceph.client.s3_errors import translated

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
ERASED_AT_ONCE: Final = 1000  # S3 takes no more in one call
Lifecycle = list[dict[str, Any]]


@dataclass(frozen=True)
class ObjectLock:
    """A bucket's object lock: `mode` governance or compliance, "" when it has no default retention."""

    mode: str = ""
    days: int | None = None


@dataclass(frozen=True)
class S3Object:
    """A current object; `size` in bytes, `etag` without its quotes."""

    key: str
    size: int
    written: datetime
    etag: str = ""


@dataclass(frozen=True)
class S3Version(S3Object):
    """One version of an object, deletion marks apart; `latest`: what a plain read gives, unless it was deleted."""

    version: str = ""
    latest: bool = True


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

    def tags(self, bucket: str) -> dict[str, str]:
        """All of the bucket's; our marker stands under MARKER_TAG."""
        doing = f"reading the tags of {bucket}"
        found = self._found(doing, "get_bucket_tagging", "TagSet", "NoSuchTagSet", Bucket=bucket)
        return {tag["Key"]: tag["Value"] for tag in found or []}

    def set_tags(self, bucket: str, marker: str, more: Iterable[str] = ()) -> None:
        """Our marker, and tags that are a name alone; those that were there are gone."""
        words = [{"Key": MARKER_TAG, "Value": marker}, *({"Key": name, "Value": ""} for name in more)]
        self._call(f"tagging the bucket {bucket}", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": words})

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
            raise CEPH.unusable(doing, "was no JSON") from None
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
                yield S3Object(one["Key"], int(one["Size"]), one["LastModified"], one.get("ETag", "").strip('"'))
            if not more:
                return
            words["ContinuationToken"] = _field(doing, found, "NextContinuationToken")

    def versions(self, bucket: str) -> Iterator[S3Version]:
        """Every version of every object, by page."""
        doing = f"listing the versions in {bucket}"
        words: dict[str, Any] = {"Bucket": bucket}
        while True:
            found = self._call(doing, "list_object_versions", **words)
            more = _field(doing, found, "IsTruncated")
            for one in found.get("Versions", []):
                etag = one.get("ETag", "").strip('"')
                written, version = one["LastModified"], one["VersionId"]
                yield S3Version(one["Key"], int(one["Size"]), written, etag, version, bool(one["IsLatest"]))
            if not more:
                return
            words["KeyMarker"] = _field(doing, found, "NextKeyMarker")
            words["VersionIdMarker"] = _field(doing, found, "NextVersionIdMarker")

    def chunks(self, bucket: str, key: str, version: str = "") -> Iterator[bytes]:
        """The whole object, or one version of it, a MiB at a time. NotThere when it is gone."""
        doing = f"reading from {bucket}"
        words = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
        body = _field(doing, self._call(doing, "get_object", **words), "Body")
        try:
            yield from body.iter_chunks(2**20)
        except Exception as error:
            raise translated(error, doing, self._own_key) from None
        finally:
            body.close()  # who stops in the middle gives the connection back

    def erase_page(self, bucket: str) -> int:
        """Remove up to ERASED_AT_ONCE versions and markers for good; how many. Locked where one must stay."""
        doing = f"emptying {bucket}"
        found = self._call(doing, "list_object_versions", Bucket=bucket, MaxKeys=ERASED_AT_ONCE)
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

    def abort_uploads(self, bucket: str, key: str = "") -> None:
        """What was begun and never finished goes too, all of it or that of one name; RGW counts its parts."""
        doing = f"ending the uploads to {bucket}"
        for one in self._call(doing, "list_multipart_uploads", Bucket=bucket, Prefix=key).get("Uploads", []):
            if not key or one["Key"] == key:
                self._abort(doing, Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])

    def _abort(self, doing: str, **words: str) -> None:
        with suppress(NotThere):
            self._call(doing, "abort_multipart_upload", **words)

    def upload(self, bucket: str, key: str, parts: Iterable[bytes], says: Mapping[str, str]) -> None:
        """A new version. Each part has 5 MiB at least, but the last; it comes to be when all have come, or not at
        all. `says`: what it says of itself.
        """
        doing, where = f"writing to {bucket}", {"Bucket": bucket, "Key": key}
        begun = self._call(doing, "create_multipart_upload", **where, Metadata=dict(says))
        words = {**where, "UploadId": _field(doing, begun, "UploadId")}
        try:
            sent = []
            for n, part in enumerate(parts, start=1):
                answer = self._call(doing, "upload_part", **words, PartNumber=n, Body=part)
                sent.append({"PartNumber": n, "ETag": _field(doing, answer, "ETag")})
            self._call(doing, "complete_multipart_upload", **words, MultipartUpload={"Parts": sent})
        except BaseException:
            with suppress(ProviderError):  # the first failure is the one to tell
                self._abort(doing, **words)
            raise

    def said(self, bucket: str, key: str) -> dict[str, str] | None:
        """What the current version says of itself, in small letters; None when there is none."""
        doing = f"looking for an object in {bucket}"
        if not any(one.key == key for one in self.objects(bucket, prefix=key)):
            return None
        found = self._call(doing, "head_object", Bucket=bucket, Key=key)
        return {name.lower(): value for name, value in _field(doing, found, "Metadata").items()}

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
            raise translated(error, doing, self._own_key) from None
        kind = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("content-type", "")
        if "html" in kind:
            raise CEPH.unusable(doing, "was some other server's page")
        return answer


def _field(doing: str, found: dict[str, Any], name: str) -> Any:
    """An answer without it is some other server's: nothing there is not the same as nothing said."""
    if name not in found:
        raise CEPH.unusable(doing, f"lacks {name}")
    return found[name]
