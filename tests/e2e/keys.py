"""Whoever has no mouse: Tab to a thing by its words, and press Enter. Every stop on the way shows its focus."""

import contextlib
from datetime import date
from typing import Final

from playwright.sync_api import Page, TimeoutError

TEXT: Final = "() => (document.activeElement.textContent || '').trim()"
LABEL: Final = "() => [...(document.activeElement.labels || [])].map(l => l.textContent.trim()).join(' ')"
NAME: Final = "() => document.activeElement.name || ''"
OPTION: Final = "() => document.activeElement.selectedOptions[0].textContent.trim()"
MOST_STOPS: Final = 80
GLIDES_MS: Final = 10_000
# WCAG 2.4.7: an outline or a shadow around the thing, or its label, inside the window.
HIDDEN: Final = """() => {
  const it = document.activeElement;
  if (it === document.body || it === document.documentElement) return '';
  const drawn = e => { const s = getComputedStyle(e); return s.boxShadow !== 'none'
    || (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0); };
  const label = it.labels && it.labels[0], place = it.getBoundingClientRect();
  const shown = drawn(it) || (label && (drawn(label) || getComputedStyle(label, '::before').boxShadow !== 'none'
    || getComputedStyle(label, '::after').boxShadow !== 'none'));
  const inside = place.bottom > 0 && place.top < innerHeight && place.right > 0 && place.left < innerWidth;
  return shown && inside ? '' : it.outerHTML.slice(0, 160);
}"""


def tab_to(page: Page, words: str, asked: str = TEXT) -> None:
    """Until what has the focus answers `asked` with these words, or with more that begins so."""
    page.wait_for_load_state()
    for _stop in range(MOST_STOPS):
        page.keyboard.press("Tab")
        _is_seen(page)
        if str(page.evaluate(asked)).startswith(words):
            return
    raise AssertionError(f"Tab never reaches “{words}” on {page.url}.")


def _is_seen(page: Page) -> None:
    if not page.evaluate(HIDDEN):
        return
    with contextlib.suppress(TimeoutError):  # the page glides to it
        page.wait_for_function(f"() => !({HIDDEN})()", timeout=GLIDES_MS)
    hidden = page.evaluate(HIDDEN)
    assert not hidden, f"Nobody sees that this has the focus on {page.url}: {hidden}"


def press(page: Page, words: str) -> None:
    """Tab until it has the focus, then Enter."""
    tab_to(page, words)
    enter(page)


def enter(page: Page) -> None:
    """Where the focus is: a link, a button, or a field, whose form goes out."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def type_into(page: Page, label: str, text: str | date) -> None:
    """Tab to the field, replace what stands in it. A date has parts, in the browser's own order."""
    tab_to(page, label, LABEL)
    if isinstance(text, date):
        page.keyboard.type(f"{text:%d%m%Y}")
        return
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def choose(page: Page, label: str, option: str) -> None:
    """Tab to the list, then arrows down to the option."""
    tab_to(page, label, LABEL)
    page.keyboard.press("Home")
    for _stop in range(MOST_STOPS):
        if str(page.evaluate(OPTION)).startswith(option):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"There is no “{option}” on {page.url}.")
