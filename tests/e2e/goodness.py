"""What every page must be, measured in the browser."""

from functools import cache
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

SCREENSHOTS = Path(__file__).resolve().parents[2] / ".run" / "screenshots"
# WCAG 2.1 A and AA, which the law asks for.
AXE_RULES = "{runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}}"
UNNAMED_PICTURES = """() => [...document.querySelectorAll('img, svg, [role=img]')].filter(e =>
  !e.closest('[aria-hidden=true]') && !e.hasAttribute('alt') && !e.hasAttribute('aria-label')
  && !e.hasAttribute('aria-labelledby') && !e.querySelector(':scope > title'))
  .map(e => e.outerHTML.slice(0, 120))"""
WIDE_ELEMENTS = """() => [...document.body.querySelectorAll('*')].filter(e => {
  const r = e.getBoundingClientRect(); return r.width && r.right > document.documentElement.clientWidth + 1;
}).slice(0, 5).map(e => e.outerHTML.slice(0, 120))"""


@cache
def axe_source() -> str:
    """axe-core, read from its package: evaluated, since the page's policy refuses an added script."""
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def accessibility_faults(page: Page) -> list[str]:
    """One line a violated rule, with the elements at fault. Empty: none found."""
    page.evaluate(axe_source())
    found = page.evaluate(f"() => axe.run(document, {AXE_RULES})")
    return [
        f"{v['id']}: {v['help']} | " + " | ".join(n["html"][:160] for n in v["nodes"][:4])
        for v in found["violations"]
    ]


def screenshot(page: Page, name: str) -> Path:
    """The whole page as a picture, named by page and width, for a person to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or {"width": 0}
    path = SCREENSHOTS / f"{name}-{size['width']}.png"
    page.screenshot(path=str(path), full_page=True)
    return path


def assert_page_is_good(page: Page, name: str) -> None:
    """Accessible, inside its security policy, no wider than its window, one h1, a language, named pictures."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    screenshot(page, name)
    assert page.locator("h1").count() == 1, f"{name}: a page has exactly one h1"
    assert page.locator("main").count() == 1, f"{name}: a page has exactly one main"
    assert page.evaluate("document.documentElement.lang") in ("it", "en"), f"{name}: the page says its language"
    assert page.title().strip(), f"{name}: the page has a title"
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, f"{name}: scrolls sideways because of {page.evaluate(WIDE_ELEMENTS)}"
    assert page.evaluate(UNNAMED_PICTURES) == [], f"{name}: a picture has neither a name nor is hidden"
    assert accessibility_faults(page) == [], name
    assert page.csp_violations == [], name  # type: ignore[attr-defined]
