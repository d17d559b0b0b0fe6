"""Lists for a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse


def csv_answer(filename: str, head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A list as the Italian Excel opens it: UTF-8 with a mark, semicolons; no cell is a formula."""
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    writer = csv.writer(answer, delimiter=";")
    writer.writerow([str(cell) for cell in head])
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return answer


def _harmless(cell: Any) -> str:
    """A name that begins with `=` would be computed by a spreadsheet."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
