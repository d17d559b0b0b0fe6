"""A real browser on the real pages. Debian's Chromium, offline but for loopback, at the two widths that count."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from lab.fixtures import postgres_lab

__all__ = ["postgres_lab"]

# Playwright runs an event loop in this thread, which Django takes for an async view and refuses.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

HERE = Path(__file__).resolve().parent
PASSWORD = "una frase lunga e sola"
# A desk and a small phone; what works at both works between.
WIDTHS = (1280, 375)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Root needs --no-sandbox; the rest keeps the browser from talking to anybody but the test server."""
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    offline = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": [*quiet, *offline]}


@pytest.fixture(params=WIDTHS, ids=[f"{w}px" for w in WIDTHS])
def width(request: pytest.FixtureRequest) -> int:
    """The width of the window, in CSS pixels."""
    return int(request.param)


@pytest.fixture
def context(browser: Browser, width: int) -> Iterator[BrowserContext]:
    """A fresh browser, in Italian, at this width."""
    made = browser.new_context(viewport={"width": width, "height": 800}, locale="it-IT")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page that remembers every violation of the security policy it saw, in `page.csp_violations`."""
    made = context.new_page()
    made.csp_violations = []  # type: ignore[attr-defined]

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            made.csp_violations.append(message.text)  # type: ignore[attr-defined]

    made.on("console", listen)
    return made


@pytest.fixture
def person(transactional_db: None) -> Any:
    """Somebody with a password and no role."""
    return get_user_model()._default_manager.create_user(email="tecnico@comune.example", password=PASSWORD)


@pytest.fixture(autouse=True)
def parts_templates(settings: Any) -> None:
    """The test pages' own templates, beside the portal's."""
    templates = [dict(engine) for engine in settings.TEMPLATES]
    templates[0]["DIRS"] = [*templates[0]["DIRS"], HERE / "templates"]
    settings.TEMPLATES = templates
