"""The minutes of a drill as a PDF: what is in them, that everybody can read them, and what goes without Pango."""

import hashlib
import io
import sys
from typing import Any

import pytest
from pypdf import PdfReader

from elaastic.models import DrillMinutes, DrillState, Subscription
from elaastic.tasks import make_minutes
from tests.elaastic.region import MemoryProvider
from tests.elaastic.services import test_services_drilling as drilled
from tests.elaastic.services.town import Town
from tests.personas import World

row, brings = drilled.row, drilled.brings


@pytest.fixture
def drill(town: Town, row: Subscription, hybrid: MemoryProvider) -> Any:
    """It passed; `mail` tried to smuggle markup in."""
    hybrid.consoles.update(web="login:", mail='login: <img src="file:///etc/passwd">')
    for name in ("web", "mail"):
        drilled.point(row, name)
    made = drilled.begun(town, row)
    assert drilled.ended(town, made) == DrillState.PASSED
    return made


def tags(reader: PdfReader) -> list[str]:
    """The names of its structure, from the root."""
    found: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    return found


def test_everybody_can_read_what_the_page_shows(town: Town, drill: Any, row: Subscription, world: World) -> None:
    make_minutes()
    make_minutes()
    assert DrillMinutes.objects.count() == 2
    lines = list(row.verifications.all())
    assert len(lines) == 2
    expected = {"it": "Verbale di esercitazione", "en": "Minutes of a drill"}
    for language, title in expected.items():
        made = DrillMinutes.objects.get(language=language)
        assert made.sha256 == hashlib.sha256(made.pdf).hexdigest()
        reader = PdfReader(io.BytesIO(made.pdf))
        root = reader.trailer["/Root"]
        assert root["/Lang"] == language and root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - pypdf's own
        assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712
        assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
        assert reader.metadata is not None and str(reader.metadata.title).startswith(title)
        structure = tags(reader)
        assert structure.count("/H1") == 1 and structure.count("/H2") >= 3
        assert structure.count("/TH") >= 4 and structure.count("/Table") == 3 and "/Link" in structure
        text = "".join("".join(page.extract_text() for page in reader.pages).split())
        points = [point.sha512 for point in drill.points.all()]
        told = [row.authority.name, "web", "mail", str(world["owner"].user), "/etc/passwd", *points]
        for one in (*told, *(line.hash for line in lines), str(drill.public_id), str(row.public_id)):
            assert "".join(one.split()) in text, one
        kept = "mantenuto" if language == "it" else "kept"
        assert text.count(kept) == 2


def test_without_pango_the_page_says_so_and_a_later_look_makes_up_for_it(
    drill: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "weasyprint", None)
        make_minutes()
        make_minutes()
    assert [one.sha256 for one in DrillMinutes.objects.all()] == ["", ""]
    make_minutes()
    assert all(one.sha256 and one.pdf for one in DrillMinutes.objects.all())
