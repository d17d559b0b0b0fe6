"""A whole portal of its own for a browser: region, workers and web, as `make up` starts them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tenants.services.demo import DEMO_PASSWORD
from tests.scene.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
# Generous: two cores are shared with the cluster, the browser and whatever else runs.
READY_S = {"sim": 90, "lab": 300}


def free_port() -> int:
    """A port that nobody has; the portal takes it a moment later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_portal(folder: str, region: str = "sim") -> Iterator[str]:
    """Its address. Data of an earlier run are forgotten first, and these afterwards."""
    port = free_port()
    command = [sys.executable, "-m", "lab.portal"]
    where = ["--region", region, "--folder", folder]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MCLOUD_")}
    subprocess.run([*command, "down", *where], cwd=ROOT, env=environment, check=True, capture_output=True)
    log = (ROOT / ".run" / f"{folder}.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        [*command, "up", *where, "--port", str(port)], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    try:
        _wait(process, port, READY_S[region], Path(log.name))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        log.close()
        subprocess.run([*command, "down", *where], cwd=ROOT, env=environment, check=False, capture_output=True)


def _wait(process: "subprocess.Popen[bytes]", port: int, seconds: int, log: Path) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The portal ended by itself: {log.read_text()[-2000:]}")
        address = f"http://127.0.0.1:{port}/healthz"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"The portal did not answer within {seconds} s: {log.read_text()[-2000:]}")


@contextlib.contextmanager
def somebody(browser: Browser, base: str, email: str, width: int, *, scripts: bool = True) -> Iterator[Page]:
    """A signed-in person at a window of this width."""
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": 800},
        locale="it-IT",
        base_url=base,
        java_script_enabled=scripts,
        accept_downloads=True,
    )
    page = context.new_page()
    page.csp_violations = []  # type: ignore[attr-defined]
    page.on("console", lambda said: _listen(page, said.text))
    try:
        sign_in(page, email)
        yield page
    finally:
        context.close()


def _listen(page: Any, text: str) -> None:
    if "Content Security Policy" in text:
        page.csp_violations.append(text)


def sign_in(page: Page, email: str) -> None:
    """With the demo's password, by the form."""
    page.goto("/accounts/login/")
    page.get_by_label("Indirizzo e-mail").fill(email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.locator("main").get_by_role("button", name="Accedi").click()
    expect(page.get_by_role("banner").get_by_role("button", name="Esci")).to_be_visible()


def signed_in(context: BrowserContext, base: str, stage: Stage, who: str) -> None:
    """The session that a stage's person has, second factor included."""
    cookies = stage.pages.client(who).cookies
    context.add_cookies([{"name": n, "value": c.value, "url": base} for n, c in cookies.items()])


def confirm_that_it_is_me(page: Page) -> None:
    """The password again, as every secret asks; nothing when it was asked a moment ago."""
    if "reauthenticate" in page.url:
        page.get_by_label("Password").fill(DEMO_PASSWORD)
        page.get_by_role("button", name="Conferma").click()


def wait_for(page: Page, wanted: Locator, milliseconds: int) -> None:
    """Until it shows by itself; when it does not, the failure tells what the page says instead."""
    try:
        expect(wanted).to_be_visible(timeout=milliseconds)
    except AssertionError as error:
        raise AssertionError(f"{page.url} says:\n{page.locator('main').inner_text()}") from error
