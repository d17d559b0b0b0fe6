"""A CSV of authorities, as a spreadsheet saves it, read into rows: one authority a row, with its own faults."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final

from django.utils.translation import gettext as _

from tenants.models.errors import Invalid
from tenants.services.authorities import AuthorityDetails

SPACE: Final = "quota_gib"
_DETAILS: Final = {f.name: f for f in fields(AuthorityDetails)}
COLUMNS: Final = (*_DETAILS, SPACE)
MANDATORY: Final = tuple(name for name, f in _DETAILS.items() if f.default is MISSING)
_LONGEST: Final = 2000  # characters of one cell; no column's text is longer


@dataclass(frozen=True)
class Line:
    """One row of the sheet; `number` counts from 1 below the heads. `faults` by column: then `details` is None."""

    number: int
    name: str
    details: AuthorityDetails | None
    quota_gib: int | None = None
    faults: Mapping[str, list[str]] = field(default_factory=dict)


def read_sheet(text: str, *, most: int) -> list[Line]:
    """Comma, semicolon or tab; decimals with a point, or with a comma where that does not part columns.

    Raises Invalid for what concerns the sheet as a whole: no heads, a column that nobody knows, too many rows.
    """
    table = list(_table(text))
    if not table:
        raise Invalid(_("The file is empty: its first line names the columns."))
    heads = [head.strip().lower() for head in table[0]]
    _check_heads(heads)
    rows = [row for row in table[1:] if any(cell.strip() for cell in row)]
    if not 1 <= len(rows) <= most:
        raise Invalid(_("Send 1 to %(most)s at once.") % {"most": most})
    return [_line(number, heads, row) for number, row in enumerate(rows, start=1)]


def _table(text: str) -> Iterator[list[str]]:
    clean = text.removeprefix("\ufeff").replace("\x00", "")
    first = clean.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(clean, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise Invalid(_("This is no CSV: look for a quotation mark that is not closed.")) from error


def _check_heads(heads: list[str]) -> None:
    faults: dict[str, list[str]] = {}
    for head in heads:
        if head not in COLUMNS:
            faults[head or "?"] = [_("There is no such column.")]
        elif heads.count(head) > 1:
            faults[head] = [_("This column is there twice.")]
    faults |= {name: [_("This column is missing.")] for name in MANDATORY if name not in heads}
    if faults:
        raise Invalid(_("The first line names the columns, and something is wrong with it."), errors=faults)


def _line(number: int, heads: list[str], row: list[str]) -> Line:
    cells = {head: cell.strip() for head, cell in zip(heads, row, strict=False) if cell.strip()}
    name, faults, told = cells.get("name", "")[:200], dict[str, list[str]](), dict[str, Any]()
    if len(row) > len(heads):
        faults["row"] = [_("This row has more cells than there are columns.")]
    for column, cell in cells.items():
        read, fault = _READERS.get(column, _TEXT)
        try:
            told[column] = read(cell)
        except ValueError:
            faults[column] = [str(fault())]
    faults |= {column: [_("This must not be empty.")] for column in MANDATORY if column not in cells}
    if faults:
        return Line(number, name, None, faults=faults)
    quota = told.pop(SPACE, None)
    return Line(number, name, AuthorityDetails(**told), quota)


def _text(cell: str) -> str:
    if len(cell) > _LONGEST:
        raise ValueError
    return cell


def _decimal(cell: str) -> float:
    return float(cell.replace(",", "."))


_Reader = tuple[Callable[[str], Any], Callable[[], str]]
_TEXT: Final[_Reader] = (_text, lambda: _("This text is too long."))
_WHOLE: Final[_Reader] = (int, lambda: _("Write a whole number."))
_DEGREES: Final[_Reader] = (_decimal, lambda: _("Write degrees as a number, for example 43.6158."))
_READERS: Final[Mapping[str, _Reader]] = {
    "seat_lat": _DEGREES,
    "seat_lon": _DEGREES,
    "seismic_zone": _WHOLE,
    "population": _WHOLE,
    SPACE: _WHOLE,
}
