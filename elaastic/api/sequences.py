"""Lists of what is no row of ours: levels, capacity, and what provisioning's selectors hand over.

The same parameters and the same links as every other list. Each was read whole, in a constant number of
queries, and is at most some thousands long; the cursor names the item at the page's edge.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.pagination import DEFAULT_LIMIT, MAX_LIMIT, MAX_QUERY, RESERVED, Listing
from tenants.api.schema import ANY_TEXT, SEARCH, list_parameters
from tenants.models.errors import Invalid

T = TypeVar("T")
LIMIT: Final = OpenApiParameter(
    "limit",
    {"type": "integer", "format": "int32", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
)
FORWARDS: Final = "after"
BACKWARDS: Final = "before"


@dataclass(frozen=True)
class SequenceListing(Generic[T]):
    """`sorts` maps public names to keys, the first one being the default; `filters` maps names to texts."""

    show: Callable[[T], Mapping[str, Any]]
    identity: Callable[[T], str]
    sorts: Mapping[str, Callable[[T], Any]]
    search: Callable[[T], str]
    filters: Mapping[str, Callable[[T], str]] = field(default_factory=dict)

    @property
    def parameters(self) -> frozenset[str]:
        """Every query parameter that this list knows."""
        return RESERVED | frozenset(self.filters)

    @property
    def default_sort(self) -> str:
        """The order of who asks for none."""
        return next(iter(self.sorts))


def paginate_sequence(request: Request, items: Iterable[T], listing: SequenceListing[T]) -> Response:
    """One page: `{"items": […], "next": url, "previous": url}`. Raises Invalid for what makes no sense."""
    limit = _limit(request)
    found = _sorted(request, _chosen(request, items, listing), listing)
    start, end = _window(request, found, listing, limit)
    page = found[start:end]
    body: dict[str, Any] = {"items": [listing.show(item) for item in page]}
    if page and end < len(found):
        body["next"] = _link(request, FORWARDS, listing.identity(page[-1]))
    if page and start > 0:
        body["previous"] = _link(request, BACKWARDS, listing.identity(page[0]))
    return Response(body)


def sequence_parameters(listing: SequenceListing[Any]) -> list[OpenApiParameter]:
    """`limit`, `cursor`, `sort`, `q` and the list's filters, as the schema publishes them."""
    sorts = sorted(listing.sorts)
    return [
        LIMIT,
        OpenApiParameter("cursor", OpenApiTypes.STR, description="From the links next and previous."),
        OpenApiParameter(
            "sort", OpenApiTypes.STR, enum=[*sorts, *(f"-{name}" for name in sorts)], default=listing.default_sort
        ),
        OpenApiParameter("q", SEARCH),
        *(OpenApiParameter(name, ANY_TEXT) for name in sorted(listing.filters)),
    ]


def row_parameters(listing: Listing[Any]) -> list[OpenApiParameter]:
    """The same for a list of rows, its numbers with their width."""
    return [LIMIT, *(p for p in list_parameters(listing) if p.name != LIMIT.name)]


def _limit(request: Request) -> int:
    given = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (given.isascii() and given.isdigit() and len(given) < 4 and 1 <= int(given) <= MAX_LIMIT):
        raise Invalid(errors={"limit": [_("Write a number between 1 and 200.")]})
    return int(given)


def _chosen(request: Request, items: Iterable[T], listing: SequenceListing[T]) -> list[T]:
    wanted = {name: request.query_params[name] for name in listing.filters if name in request.query_params}
    text = request.query_params.get("q", "").strip().casefold()
    if len(text) > MAX_QUERY:
        raise Invalid(errors={"q": [_("Search for at most 200 characters.")]})
    return [
        item
        for item in items
        if all(listing.filters[name](item) == value for name, value in wanted.items())
        and text in listing.search(item).casefold()
    ]


def _sorted(request: Request, items: list[T], listing: SequenceListing[T]) -> list[T]:
    given = request.query_params.get("sort", listing.default_sort)
    key = listing.sorts.get(given.removeprefix("-"))
    if key is None:
        known = ", ".join(sorted(listing.sorts))
        raise Invalid(errors={"sort": [_("Sort by one of %(known)s, with - for the reverse.") % {"known": known}]})
    return sorted(items, key=key, reverse=given.startswith("-"))


def _window(request: Request, found: Sequence[T], listing: SequenceListing[T], limit: int) -> tuple[int, int]:
    given = request.query_params.get("cursor")
    if given is None:
        return 0, limit
    fault = Invalid(errors={"cursor": [_("Follow the links next and previous as they are.")]})
    try:
        way, _colon, identity = base64.urlsafe_b64decode(given.encode("ascii")).decode().partition(":")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise fault from error
    place = next((n for n, item in enumerate(found) if listing.identity(item) == identity), None)
    if place is None or way not in (FORWARDS, BACKWARDS):
        raise fault
    if way == FORWARDS:
        return place + 1, place + 1 + limit
    return max(0, place - limit), place


def _link(request: Request, way: str, identity: str) -> str:
    query = request.query_params.copy()
    query["cursor"] = base64.urlsafe_b64encode(f"{way}:{identity}".encode()).decode("ascii")
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
