"""The lifecycle of an archive: what stops being kept, and when. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from provisioning.providers.ceph.client.s3 import ABORT_UPLOADS_AFTER_DAYS

_WHOLE_BUCKET: Final = {"Prefix": ""}
_OLD, _LEFT = "old-versions", "leftovers"


def rules(retention_days: int) -> list[dict[str, Any]]:
    """Old versions end with the retention; with them the markers that hide nothing any more."""
    return [
        {
            "ID": _OLD,
            "Status": "Enabled",
            "Filter": _WHOLE_BUCKET,
            "NoncurrentVersionExpiration": {"NoncurrentDays": retention_days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABORT_UPLOADS_AFTER_DAYS},
        },
        {
            "ID": _LEFT,
            "Status": "Enabled",
            "Filter": _WHOLE_BUCKET,
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        },
    ]


def kept_days(found: Sequence[dict[str, Any]]) -> int | None:
    """The days that `found` keeps old versions if it is exactly ours for so many days; else None."""
    ends = [r["NoncurrentVersionExpiration"] for r in found if "NoncurrentVersionExpiration" in r]
    days = ends[0].get("NoncurrentDays") if ends else None
    if not isinstance(days, int) or _plain(found) != _plain(rules(days)):
        return None
    return days


def _plain(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """RGW gives an empty filter back in three ways, and the rules in its own order."""
    shown = []
    for rule in found:
        narrowed = dict(rule.get("Filter", {}))
        prefix = narrowed.pop("Prefix", rule.get("Prefix", ""))
        rest = {k: v for k, v in rule.items() if k not in ("Filter", "Prefix")}
        shown.append(rest | {"Prefix": prefix, "narrowed": narrowed})
    return sorted(shown, key=lambda rule: str(rule.get("ID")))
