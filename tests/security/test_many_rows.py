"""T18: a list costs the same at ten rows and at a thousand, and no page grows without end."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.elaastic.region import region
from tests.personas import world
from tests.scene.addresses import Address, addresses
from tests.scene.many import multiply
from tests.scene.stage import Stage, stage

__all__ = ["region", "stage", "world"]

READABLE = [a for a in addresses() if not a.is_api or "GET" in a.methods]
READERS = ("owner", "administrator")
# Pages that give the same list to a spreadsheet; the long ones' end at ten thousand lines.
LONG = ("trail/", "verifications/")
SHEETS = ("capacity/", "console/", "interest/", "requests/", "subscriptions/", *LONG)
# Rows of a page at most, and of one answer of the API when nothing is asked.
MOST_ROWS, USUAL_ITEMS = 500, 50


def test_every_address_costs_the_same_queries_at_10_and_at_1000_rows(stage: Stage) -> None:
    multiply(stage.town, first=1000, count=10)
    _costs(stage)  # what is asked once in a process or a session
    before = _costs(stage)
    multiply(stage.town, first=2000, count=990)
    after = _costs(stage)
    assert {key: (before[key][0], after[key][0]) for key in before if before[key][0] != after[key][0]} == {}
    assert {key: rows for key, (_queries, rows) in after.items() if rows > MOST_ROWS} == {}


def test_every_page_with_a_sheet_is_known(stage: Stage) -> None:
    """Whoever answers with CSV is measured above."""
    client = stage.pages.client("administrator")
    pages = [a for a in READABLE if not a.is_api and not a.of_a_thing]
    answers = {str(page): client.get(page.of(stage.town), {"format": "csv"}) for page in pages}
    assert {page for page, answer in answers.items() if "text/csv" in answer["Content-Type"]} == set(SHEETS)


def _costs(stage: Stage) -> dict[str, tuple[int, int]]:
    """(queries, rows shown) of each address, by who reads."""
    pages = {f"{who} {address}": _cost(stage, who, address) for address in READABLE for who in READERS}
    return pages | {
        f"{who} {sheet} as CSV": _cost_of_sheet(stage, who, sheet) for sheet in SHEETS for who in READERS
    }


def _cost_of_sheet(stage: Stage, who: str, sheet: str) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as seen:
        answer = stage.pages.client(who).get(f"/{sheet}", {"format": "csv"})
    heads = 1
    lines = len(answer.content.splitlines()) - heads if answer.status_code == 200 else 0
    return len(seen.captured_queries), lines * MOST_ROWS // 10_000 if sheet in LONG else lines


def _cost(stage: Stage, who: str, address: Address) -> tuple[int, int]:
    client, path = stage.pages.client(who), address.of(stage.town)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(path)
    if answer.streaming:  # all of it, as a file
        return len(seen.captured_queries), 0
    if address.is_api:
        told = answer.json() if answer.status_code == 200 and "json" in answer["Content-Type"] else {}
        items = told.get("items", []) if isinstance(told, dict) else []
        return len(seen.captured_queries), len(items) * (MOST_ROWS // USUAL_ITEMS)
    tables = answer.content.decode().split("<table")
    return len(seen.captured_queries), max(len(re.findall("<tr[ >]", table)) - 1 for table in tables)
