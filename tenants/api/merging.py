"""One list out of several tables: each is asked for a page of its own, and of those the first rows are shown.

Tables are told apart by a name, which is also what decides between rows of the same moment. The cursor holds the
sort value, the name and the row id of the page's edge, and the direction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.pagination import (
    Edge,
    Listing,
    beyond,
    edge_of,
    page_limit,
    page_link,
    page_order,
    read_cursor,
    wanted,
    with_edges,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One table. The listings of all parts sort by the same column, and know the same filters."""

    rows: QuerySet[Any]
    listing: Listing[Any]


@dataclass(frozen=True, slots=True)
class Merged:
    """A row, and the name of its part."""

    part: str
    row: Model
    value: Any

    @property
    def place(self) -> tuple[Any, str, int]:
        """No two have the same."""
        return self.value, self.part, self.row.pk


@dataclass(frozen=True, slots=True)
class _Cursor:
    part: str
    edge: Edge


def paginate_merged(
    request: Request, parts: Mapping[str, Part], show: Callable[[Sequence[Merged]], list[dict[str, Any]]]
) -> Response:
    """One page as `paginate` makes it, its rows shown all at once. A query a part. Raises Invalid."""
    limit = page_limit(request)
    first = next(iter(parts.values()))
    name, descending = page_order(request, first.listing)
    cursor = read_cursor(request, lambda given: _parse(first, name, given))
    backwards = bool(cursor and cursor.edge.backwards)
    down = descending != backwards
    found = [one for part in parts for one in _rows(request, part, parts[part], name, cursor, down, limit + 1)]
    found.sort(key=lambda one: one.place, reverse=down)
    more, page = len(found) > limit, found[:limit]
    if backwards:
        page.reverse()
    body: dict[str, Any] = {"items": show(page)}
    if page and (more or backwards):
        body["next"] = page_link(request, _edge(page[-1], backwards=False))
    if page and (more if backwards else cursor):
        body["previous"] = page_link(request, _edge(page[0], backwards=True))
    return Response(body)


def _rows(
    request: Request, name: str, part: Part, column: str, cursor: _Cursor | None, down: bool, most: int
) -> list[Merged]:
    rows, column = with_edges(wanted(request, part.rows, part.listing), column)
    if cursor:
        rows = rows.filter(_beyond(name, column, cursor, down))
    order = [f"-{column}", "-pk"] if down else [column, "pk"]
    return [Merged(name, row, getattr(row, column)) for row in rows.order_by(*order)[:most]]


def _beyond(part: str, column: str, cursor: _Cursor, down: bool) -> Q:
    """Rows of this part after the edge in the order of (column, name of the part, pk)."""
    if part == cursor.part:
        return beyond(column, cursor.edge, down=down)
    # Of the edge's own moment, the parts whose turn has not come yet have all their rows to show.
    to_come = part < cursor.part if down else part > cursor.part
    operator = ("lt" if down else "gt") + ("e" if to_come else "")
    return Q(**{f"{column}__{operator}": cursor.edge.value})


def _parse(first: Part, name: str, given: Any) -> _Cursor:
    value, part, pk, backwards = given
    if type(part) is not str:
        raise ValueError(given)
    _none, column = with_edges(first.rows, name)
    return _Cursor(part, edge_of(first.rows.model, column, [value, pk, backwards]))


def _edge(one: Merged, *, backwards: bool) -> list[Any]:
    return [one.value, one.part, one.row.pk, backwards]
