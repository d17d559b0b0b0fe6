"""Object Lock: what a new version starts with, what may change later, and what may not be deleted."""

from dataclasses import replace
from datetime import datetime, timedelta

from lab.simulated import clock, reading
from lab.simulated.buckets import Bucket
from lab.simulated.calls import Call, allowed
from lab.simulated.errors import Refused
from lab.simulated.s3_buckets import XML
from lab.simulated.versions import Version
from lab.simulated.web import Answer
from lab.simulated.xmlbody import document, parsed, tag, text

MODES = ("GOVERNANCE", "COMPLIANCE")


def protected(call: Call, bucket: Bucket, new: Version) -> Version:
    """`new` with the lock that its headers ask for, or the bucket's default retention."""
    mode = call.header("x-amz-object-lock-mode")
    until = call.header("x-amz-object-lock-retain-until-date")
    hold = call.header("x-amz-object-lock-legal-hold")
    if (mode or until or hold) and not bucket.locked:
        raise Refused("InvalidRequest")
    if bool(mode) != bool(until) or mode not in ("", *MODES) or hold not in ("", "ON", "OFF"):
        raise Refused("InvalidArgument")
    if mode:
        return replace(new, lock_mode=mode, lock_until=clock.iso_us(_future(until)), hold=hold)
    default, _, period = bucket.settings.get("lock", "").partition(" ")
    if not default:
        return replace(new, hold=hold)
    unit, _, length = period.partition("=")
    # RGW counts a year as 365 days.
    days = int(length) * (365 if unit == "Years" else 1)
    return replace(new, lock_mode=default, lock_until=clock.iso_us(clock.now() + timedelta(days=days)), hold=hold)


def check_delete(call: Call, bucket: Bucket, version: Version) -> None:
    """Refused AccessDenied while the version is held or retained; governance yields to the bypass permission."""
    if version.hold == "ON":
        raise Refused("AccessDenied", "forbidden by object lock")
    if not version.lock_mode or clock.parsed(version.lock_until) <= clock.now():
        return
    if version.lock_mode == "GOVERNANCE" and _bypasses(call, bucket, version.key):
        return
    raise Refused("AccessDenied", "forbidden by object lock")


def get_retention(call: Call) -> Answer:
    version = _version(call, "s3:GetObjectRetention")
    if not version.lock_mode:
        raise Refused("ObjectLockConfigurationNotFoundError")
    until = clock.iso_ns(clock.parsed(version.lock_until))
    parts = [tag("Mode", version.lock_mode), tag("RetainUntilDate", until)]
    return Answer(200, document("Retention", parts, namespace=False), XML)


def put_retention(call: Call) -> Answer:
    """Longer is always allowed; shorter or weaker only where governance is bypassed; compliance never yields."""
    version = _version(call, "s3:PutObjectRetention")
    root = parsed(call.body())
    mode = text(root, "Mode")
    if mode not in MODES:
        raise Refused("MalformedXML")
    until = _future(text(root, "RetainUntilDate"))
    if version.lock_mode:
        _check_change(call, version, mode, until)
    _update(call, version, lock_mode=mode, lock_until=clock.iso_us(until))
    return Answer()


def get_legal_hold(call: Call) -> Answer:
    version = _version(call, "s3:GetObjectLegalHold")
    if not version.hold:
        raise Refused("ObjectLockConfigurationNotFoundError")
    return Answer(200, document("LegalHold", [tag("Status", version.hold)], namespace=False), XML)


def put_legal_hold(call: Call) -> Answer:
    version = _version(call, "s3:PutObjectLegalHold")
    status = text(parsed(call.body()), "Status")
    if status not in ("ON", "OFF"):
        raise Refused("MalformedXML")
    _update(call, version, hold=status)
    return Answer()


def headers_of(version: Version) -> dict[str, str]:
    """What HEAD and GET say about a version's lock."""
    found = {}
    if version.hold:
        found["x-amz-object-lock-legal-hold"] = version.hold
    if version.lock_mode:
        found["x-amz-object-lock-mode"] = version.lock_mode
        found["x-amz-object-lock-retain-until-date"] = clock.iso_ns(clock.parsed(version.lock_until))
    return found


def _version(call: Call, action: str) -> Version:
    """The version asked about, in a bucket that has object lock."""
    bucket = call.bucket()
    version = reading.readable(call, bucket, action)
    if not bucket.locked:
        raise Refused("InvalidRequest", "bucket object lock not configured")
    return version


def _check_change(call: Call, version: Version, mode: str, until: datetime) -> None:
    over = clock.parsed(version.lock_until) <= clock.now()
    if version.lock_mode == "COMPLIANCE" and mode != "COMPLIANCE" and not over:
        raise Refused("AccessDenied", "can't change retention mode from COMPLIANCE to GOVERNANCE")
    if until >= clock.parsed(version.lock_until):
        return
    if version.lock_mode == "GOVERNANCE" and _bypasses(call, call.bucket(), version.key):
        return
    raise Refused(
        "AccessDenied",
        "proposed retain-until date shortens an existing retention period and governance bypass check failed",
    )


def _bypasses(call: Call, bucket: Bucket, key: str) -> bool:
    asked = call.header("x-amz-bypass-governance-retention").lower() == "true"
    return asked and allowed(call, bucket, "s3:BypassGovernanceRetention", key)


def _future(given: str) -> datetime:
    try:
        until = clock.parsed(given)
    except ValueError:
        raise Refused("InvalidArgument") from None
    if until <= clock.now():
        raise Refused("InvalidArgument", "the retain-until date must be in the future")
    return until


def _update(call: Call, version: Version, **columns: str) -> None:
    assignments = ", ".join(f"{name} = ?" for name in columns)
    call.store.run(f"UPDATE versions SET {assignments} WHERE seq = ?", *columns.values(), version.seq)
