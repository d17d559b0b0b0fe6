"""Signature version 4: who is calling, and did they sign exactly this request.

Header form and presigned form. RGW takes any region name, as long as the signature was made with it.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, unquote

from lab.simulated.errors import Refused
from lab.simulated.web import Request

ALGORITHM = "AWS4-HMAC-SHA256"
# RGW's own allowance between the caller's clock and its own.
MAX_SKEW = timedelta(minutes=15)
UNSIGNED = "UNSIGNED-PAYLOAD"

SecretOf = Callable[[str], str | None]


@dataclass(frozen=True)
class Signed:
    """A verified signature; `signing_key` and `signature` seed the chunk signatures of a streamed body."""

    access_key: str
    payload: str
    signature: str
    signing_key: bytes
    stamp: str
    scope: str


@dataclass(frozen=True)
class _Claim:
    access_key: str
    scope: str
    signed_headers: tuple[str, ...]
    signature: str
    stamp: str
    payload: str
    expires: int | None


def verify(request: Request, secret_of: SecretOf, now: datetime | None = None) -> Signed | None:
    """None for an anonymous request; raises Refused for a wrong, stale or unknown one."""
    claim = _claim(request)
    if claim is None:
        return None
    _check_time(claim, now or datetime.now(UTC))
    secret = secret_of(claim.access_key)
    # RGW 16 says AccessDenied for an unknown key and for a bad signature alike (recorded).
    if secret is None:
        raise Refused("AccessDenied")
    key = signing_key(secret, claim.scope)
    hashed = hashlib.sha256(_canonical(request, claim).encode()).hexdigest()
    text = f"{ALGORITHM}\n{claim.stamp}\n{claim.scope}\n{hashed}"
    good = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(good, claim.signature):
        raise Refused("AccessDenied")
    return Signed(claim.access_key, claim.payload, claim.signature, key, claim.stamp, claim.scope)


@lru_cache(maxsize=1024)
def signing_key(secret: str, scope: str) -> bytes:
    """The day's key of `date/region/service/aws4_request`."""
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _claim(request: Request) -> _Claim | None:
    header = request.headers.get("authorization", "")
    if header:
        return _from_header(request, header)
    if request.query.get("X-Amz-Algorithm") == ALGORITHM:
        return _from_query(request)
    return None


def _from_header(request: Request, header: str) -> _Claim:
    kind, _, rest = header.partition(" ")
    if kind != ALGORITHM:
        raise Refused("AccessDenied")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    try:
        access_key, scope = fields["Credential"].split("/", 1)
        names, signature = fields["SignedHeaders"], fields["Signature"]
    except (KeyError, ValueError):
        raise Refused("InvalidArgument") from None
    payload = request.headers.get("x-amz-content-sha256", UNSIGNED)
    stamp = request.headers.get("x-amz-date", "")
    return _Claim(access_key, scope, tuple(names.split(";")), signature, stamp, payload, None)


def _from_query(request: Request) -> _Claim:
    query = request.query
    try:
        access_key, scope = query["X-Amz-Credential"].split("/", 1)
        names, signature = query["X-Amz-SignedHeaders"], query["X-Amz-Signature"]
        expires = int(query["X-Amz-Expires"])
    except (KeyError, ValueError):
        raise Refused("InvalidArgument") from None
    payload = request.headers.get("x-amz-content-sha256", UNSIGNED)
    return _Claim(
        access_key, scope, tuple(names.split(";")), signature, query.get("X-Amz-Date", ""), payload, expires
    )


def _check_time(claim: _Claim, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(claim.stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused("AccessDenied") from None
    if claim.expires is not None and now > signed_at + timedelta(seconds=claim.expires):
        raise Refused("AccessDenied")
    if claim.expires is None and abs(now - signed_at) > MAX_SKEW:
        raise Refused("RequestTimeTooSkewed")


def _canonical(request: Request, claim: _Claim) -> str:
    """Method, path, sorted query, signed headers and payload, one below the other."""
    query = []
    for part in request.raw_query.split("&"):
        name, _, value = part.partition("=")
        if name and name != "X-Amz-Signature":
            query.append((_encoded(unquote(name)), _encoded(unquote(value))))
    lines = [f"{name}:{' '.join(_header(request, name).split())}" for name in claim.signed_headers]
    path = quote(unquote(request.raw_path), safe="/-_.~")
    names = ";".join(claim.signed_headers)
    # By name, then value: `quota` comes before `quota-type` although `=` comes after `-`.
    sorted_query = "&".join(f"{name}={value}" for name, value in sorted(query))
    return "\n".join([request.method, path, sorted_query, *lines, "", names, claim.payload])


def _header(request: Request, name: str) -> str:
    return request.headers.get(name, "")


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
