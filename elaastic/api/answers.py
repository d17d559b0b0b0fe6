"""One object in an answer: with its ETag, its 304, and `?wait=`.

What a subscription shows comes from several tables, so its tag is a digest of what is sent and not the
version of one row: it changes exactly when a client would see something else.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from provisioning.domain.manifest import digest
from tenants.api.conditions import etag_of, hold_until_changed, is_unchanged, wait_seconds

WAIT: Final = OpenApiParameter(
    "wait",
    {"type": "integer", "format": "int32", "minimum": 0, "maximum": 30, "default": 0},
    description="Hold the answer for at most so many seconds, until the state changes.",
)
IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match", {"type": "string"}, OpenApiParameter.HEADER,
    description="The ETag that is known already: 304 when nothing changed. With wait: until it changes.",
)  # fmt: skip


def answer_single(
    request: Request, identity: object, body: Mapping[str, Any], status: int = 200, **headers: str
) -> Response:
    """The object, or 304 when the client knows it."""
    etag = tag_of(identity, body)
    if request.method in ("GET", "HEAD") and is_unchanged(request, etag):
        return Response(status=304, headers={"ETag": etag})
    return Response(body, status=status, headers={"ETag": etag, **headers})


def answer_when_changed(
    request: Request, identity: object, look: Callable[[], Mapping[str, Any]], watched: tuple[str, ...]
) -> Response:
    """`answer_single`, after `?wait=` held it until one of the `watched` members moved.

    A client that sends the tag it knows misses nothing: when what it knows is old, it is answered at once.
    """
    wait_seconds(request)
    body = look()
    knows_older = "If-None-Match" in request.headers and not is_unchanged(request, tag_of(identity, body))
    if not knows_older:
        hold_until_changed(request, lambda: digest([look()[name] for name in watched]))
        body = look() if wait_seconds(request) else body
    return answer_single(request, identity, body)


def tag_of(identity: object, body: Mapping[str, Any]) -> str:
    """Sixteen hex digits of the digest: 64 bits tell two versions of one object apart."""
    return etag_of(str(identity), digest(body)[:16])
