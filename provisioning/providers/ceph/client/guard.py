"""What the portal never asks of a gateway, whoever calls.

RGW's own caps stop the purge of a bucket, but `users=*`, without which no identity can be made, also allows
`purge-data` (which destroys even COMPLIANCE versions) and giving caps to anybody. Every request passes here.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from provisioning.domain.errors import PermanentError

_NEVER_TRUE: Final = frozenset({"purge-data", "purge-objects", "purge-keys", "bypass-gc"})
_NEVER: Final = frozenset({"user-caps", "caps"})


class PurgeRefused(PermanentError):
    """The portal's own refusal; nothing was sent."""


def refuse_admin(method: str, request: str) -> None:
    """PurgeRefused when Admin Ops request `method path?query` would destroy data or widen rights."""
    parts = urlsplit(request)
    for given, value in parse_qsl(parts.query, keep_blank_values=True):
        name = given.lower().replace("_", "-")
        if name in _NEVER or (name in _NEVER_TRUE and value.strip().lower() != "false"):
            raise PurgeRefused(f"The portal never sends {name}; an operator must do such a thing by hand.")
    if method.upper() == "DELETE" and parts.path.rstrip("/").endswith("/bucket"):
        raise PurgeRefused("The portal removes buckets over S3 only, where data stops it.")
    if method.upper() != "GET" and "/metadata" in parts.path:
        raise PurgeRefused("The portal only reads metadata.")


def refuse_s3(params: Mapping[str, Any]) -> None:
    """PurgeRefused when an S3 call would step over a retention."""
    if params.get("BypassGovernanceRetention"):
        raise PurgeRefused("The portal never steps over a retention; it ends on its date.")
