"""Lists: a page is found by the last row seen, so that its cost does not grow with its place.

The cursor holds the sort value and row id of the page's edge and the direction. Nothing in it is secret and
nothing is trusted: it only says where to go on in rows that the caller may see anyway.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, cast

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import DateTimeField, Field, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.models.errors import Invalid

Row = TypeVar("Row", bound=Model)
Parsed = TypeVar("Parsed")
MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
MAX_QUERY: Final = 200
RESERVED: Final = frozenset({"limit", "cursor", "sort", "q"})


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """What a client may ask of a list. Names on the left are public, on the right are columns (never null)."""

    model: type[Row]
    show: Callable[[Row], Mapping[str, Any]]
    sorts: Mapping[str, str]
    default_sort: str
    search: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> frozenset[str]:
        """Every query parameter that this list knows."""
        return RESERVED | frozenset(self.filters)

    def field_of(self, name: str) -> "Field[Any, Any]":
        """What a filter's value is held against."""
        *relations, last = self.filters[name].split("__")
        model: type[Model] = self.model
        for relation in relations:
            model = model._meta.get_field(relation).related_model  # type: ignore[assignment]
        return cast("Field[Any, Any]", model._meta.get_field(last))


@dataclass(frozen=True, slots=True)
class Edge:
    """The row at a page's edge, and which way the page lies from it."""

    value: Any
    pk: int
    backwards: bool


def paginate(request: Request, rows: QuerySet[Row], listing: Listing[Row]) -> Response:
    """One page: `{"items": […], "next": url, "previous": url}`, a link absent at its end. One query.

    Raises Invalid for a parameter that makes no sense.
    """
    limit = page_limit(request)
    column, descending = page_order(request, listing)
    rows, column = with_edges(wanted(request, rows, listing), column)
    cursor = read_cursor(request, lambda given: edge_of(rows.model, column, given))
    backwards = bool(cursor and cursor.backwards)
    down = descending != backwards
    if cursor:
        rows = rows.filter(beyond(column, cursor, down=down))
    order = [f"-{column}", "-pk"] if down else [column, "pk"]
    found = list(rows.order_by(*order)[: limit + 1])
    more, page = len(found) > limit, found[:limit]
    if backwards:
        page.reverse()
    body: dict[str, Any] = {"items": [listing.show(row) for row in page]}
    if page and (more or backwards):
        body["next"] = page_link(request, _edge(page[-1], column, backwards=False))
    if page and (more if backwards else cursor):
        body["previous"] = page_link(request, _edge(page[0], column, backwards=True))
    return Response(body)


def page_limit(request: Request) -> int:
    """`?limit=`. Raises Invalid."""
    given = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (given.isascii() and given.isdigit() and len(given) < 4 and 1 <= int(given) <= MAX_LIMIT):
        raise Invalid(errors={"limit": [_("Write a number between 1 and 200.")]})
    return int(given)


def page_order(request: Request, listing: Listing[Any]) -> tuple[str, bool]:
    """`?sort=`: the column, and whether it is descending. Raises Invalid."""
    given = request.query_params.get("sort", listing.default_sort)
    name = given.removeprefix("-")
    if name not in listing.sorts:
        known = ", ".join(sorted(listing.sorts))
        raise Invalid(errors={"sort": [_("Sort by one of %(known)s, with - for the reverse.") % {"known": known}]})
    return listing.sorts[name], given.startswith("-")


def wanted(request: Request, rows: QuerySet[Row], listing: Listing[Row]) -> QuerySet[Row]:
    """The rows that the list's filters and `?q=` leave. Raises Invalid."""
    return _search(request, _filter(request, rows, listing), listing)


def with_edges(rows: QuerySet[Row], column: str) -> tuple[QuerySet[Row], str]:
    """The rows, and by which of their columns a page's edge is found."""
    if not _is_time_on_sqlite(rows.model, column):
        return rows, column
    return cast("QuerySet[Row]", rows.annotate(edge=Cast(column, TextField()))), "edge"


def _filter(request: Request, rows: QuerySet[Row], listing: Listing[Row]) -> QuerySet[Row]:
    for name, column in listing.filters.items():
        value = request.query_params.get(name)
        if value is None:
            continue
        _refuse_unknown_choice(listing, name, value)
        try:
            rows = rows.filter(**{column: value})
        except (ValueError, TypeError, ValidationError) as error:
            raise Invalid(errors={name: [_("This value is not valid here.")]}) from error
    return rows


def _refuse_unknown_choice(listing: Listing[Any], name: str, value: str) -> None:
    """An enum with a mistyped value is an error, not an empty list."""
    known = [str(key) for key, _label in listing.field_of(name).flatchoices]
    if known and value not in known:
        raise Invalid(errors={name: [_("Choose one of %(known)s.") % {"known": ", ".join(known)}]})


def _search(request: Request, rows: QuerySet[Row], listing: Listing[Row]) -> QuerySet[Row]:
    text = request.query_params.get("q", "").strip()
    if len(text) > MAX_QUERY:
        raise Invalid(errors={"q": [_("Search for at most 200 characters.")]})
    if not text or not listing.search:
        return rows
    anywhere = Q()
    for column in listing.search:
        anywhere |= Q(**{f"{column}__icontains": text})
    return rows.filter(anywhere)


def beyond(column: str, cursor: Edge, *, down: bool) -> Q:
    """Rows after the edge in the order of (column, pk)."""
    operator = "lt" if down else "gt"
    if column == "pk":
        return Q(**{f"pk__{operator}": cursor.pk})
    tie = Q(**{column: cursor.value, f"pk__{operator}": cursor.pk})
    return Q(**{f"{column}__{operator}": cursor.value}) | tie


def read_cursor(request: Request, parse: Callable[[Any], Parsed]) -> Parsed | None:
    """What `parse` makes of `?cursor=`; None without one. Raises Invalid for what no link of ours has."""
    given = request.query_params.get("cursor")
    if given is None:
        return None
    try:
        return parse(json.loads(base64.urlsafe_b64decode(given.encode("ascii"))))
    except (ValueError, TypeError, RecursionError, ValidationError, FieldDoesNotExist) as error:
        raise Invalid(errors={"cursor": [_("Follow the links next and previous as they are.")]}) from error


def edge_of(model: type[Model], column: str, given: Any) -> Edge:
    """`[value, pk, backwards]` as a cursor has it. Raises ValueError, and what the column's field does."""
    value, pk, backwards = given
    if type(pk) is not int or not 0 <= pk < 2**63 or type(backwards) is not bool:
        raise ValueError(given)
    if column == "edge":
        value = str(value)
    elif column != "pk":
        value = model._meta.get_field(column).to_python(value)  # type: ignore[union-attr]
    if column != "pk" and (value is None or "\x00" in str(value)):
        raise ValueError(given)
    return Edge(value, pk, backwards)


def _is_time_on_sqlite(model: type[Model], column: str) -> bool:
    """SQLite keeps times as text: its own clock writes milliseconds, Django microseconds, and the same
    instant written both ways is not equal. There the edge of a page is the text as it is stored.
    """
    if connection.vendor != "sqlite" or column == "pk":
        return False
    return isinstance(model._meta.get_field(column), DateTimeField)


def _edge(row: Model, column: str, *, backwards: bool) -> list[Any]:
    return [None if column == "pk" else getattr(row, column), row.pk, backwards]


def page_link(request: Request, cursor: list[Any]) -> str:
    """This address with another cursor."""
    text = json.dumps(cursor, cls=_Exact, separators=(",", ":"))
    query = request.query_params.copy()
    query["cursor"] = base64.urlsafe_b64encode(text.encode()).decode("ascii")
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


class _Exact(DjangoJSONEncoder):
    """Django cuts times to milliseconds; an edge must be the row's own value."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)
