"""Nobody reads half a translation: both languages hold every word of the pages."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
LITERAL = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')""")


def catalogue(language: str) -> Catalog:
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_sentence_of_the_catalogue_is_translated(language: str) -> None:
    empty = [m.id for m in catalogue(language) if m.id and (not m.string or not all(m.string) or m.fuzzy)]
    assert empty == []


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_sentence_of_the_templates_is_in_the_catalogue(language: str) -> None:
    known = {m.id[0] if isinstance(m.id, tuple) else m.id for m in catalogue(language)}
    used = {
        a or b
        for page in (ROOT / "templates").rglob("*.html")
        for a, b in LITERAL.findall(page.read_text(encoding="utf-8"))
    }
    assert used, "the pattern finds the templates' sentences"
    assert sorted(used - known) == []


def test_a_sentence_that_ends_in_english_ends_in_italian() -> None:
    """A whole sentence keeps its full stop: one without looks cut off."""
    cut = [
        m.id
        for m in catalogue("it")
        if isinstance(m.id, str) and m.id.endswith(".") and not str(m.string).endswith((".", "!", "?"))
    ]
    assert cut == []
