"""A town ticks SFTP and WebDAV, and makes a copy with the file that it downloads: on the portal of `make up`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.goodness import assert_page_is_good
from tests.e2e.portal import confirm_that_it_is_me, running_portal, somebody, wait_for
from tests.lab.flow.tools import make_files, prints, run_quietly

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("rclone") is None, reason="without rclone the portal offers neither"),
]
WORK_MS = 90_000


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    with running_portal("portal-e2e-ways") as base:
        yield base


@pytest.mark.parametrize(
    ("width", "town"), [(1280, "tecnico@comune.example"), (375, "tecnico@altro.example")], ids=["desk", "phone"]
)
def test_what_is_ticked_is_handed_out_and_works(
    browser: Browser, portal: str, width: int, town: str, tmp_path: Path
) -> None:
    with somebody(browser, portal, town, width) as page:
        address = ask(page)
        with somebody(browser, portal, "approver@region.example", width) as approver:
            approver.goto(address)
            expect(approver.locator(".mc-plan")).to_contain_text("Accesso per SFTP e WebDAV")
            expect(approver.locator(".mc-plan")).to_contain_text("S3, SFTP, WebDAV")
            assert_page_is_good(approver, "ways-plan")
            approver.get_by_role("button", name="Approva questo piano").click()
        page.goto("/subscriptions/")
        page.locator("tbody a").click()
        wait_for(page, page.get_by_role("heading", name="Il tuo spazio è pronto"), WORK_MS)
        expect(page.locator("main")).to_contain_text("Impronta della chiave del server: SHA256:")
        assert_page_is_good(page, "ways-subscription")
        copy_there_and_back(collect(page, tmp_path), tmp_path)


def ask(page: Page) -> str:
    """The request's address. A tick lives through the summary and back."""
    page.get_by_role("link", name="Chiedi il livello 1").first.click()
    expect(page.get_by_label("Swift")).to_have_count(0)  # the simulated region has none
    page.get_by_label("SFTP").check()
    page.get_by_label("WebDAV").check()
    assert_page_is_good(page, "ways-ask")
    page.get_by_role("button", name="Vai al riepilogo").click()
    expect(page.locator("main")).to_contain_text("S3, SFTP, WebDAV")
    page.get_by_role("button", name="Torna indietro e modifica").click()
    expect(page.get_by_label("SFTP")).to_be_checked()
    page.get_by_role("button", name="Vai al riepilogo").click()
    assert_page_is_good(page, "ways-summary")
    page.get_by_role("button", name="Invia la richiesta").click()
    wait_for(page, page.get_by_role("heading", name="Il piano", exact=True), WORK_MS)
    return page.url


def collect(page: Page, folder: Path) -> dict[str, Path]:
    """The files of the writer's key, downloaded with the secret in them."""
    page.get_by_role("link", name="Ritira il segreto (Chiave per scrivere le copie)").click()
    confirm_that_it_is_me(page)
    page.get_by_role("button", name="Mostra il segreto adesso").click()
    assert_page_is_good(page, "ways-revealed")
    saved = {}
    for title, name in (("SFTP (rclone)", "rclone-sftp.conf"), ("WebDAV (rclone)", "rclone-webdav.conf")):
        page.locator("summary", has_text=title).click()
        with page.expect_download() as waiting:
            page.get_by_role("link", name=f"Scarica {name}").click()
        saved[name] = folder / name
        shutil.copy(waiting.value.path(), saved[name])
    return saved


def copy_there_and_back(files: dict[str, Path], folder: Path) -> None:
    """As each file's comments say, on a computer where nothing else is set."""
    source, home = make_files(folder / "atti", mib=5, count=3), folder / "home"
    (home / ".ssh").mkdir(parents=True)
    run_quietly(home, "sh", "-c", files["rclone-sftp.conf"].read_text().splitlines()[0].removeprefix("# "))
    for name, remote in (("rclone-sftp.conf", "sftp"), ("rclone-webdav.conf", "webdav")):
        far = f"elaastic-writer-{remote}:backup/{remote}"
        rclone = ["rclone", "--config", str(files[name])]
        run_quietly(home, *rclone, "copy", str(source), far)
        run_quietly(home, *rclone, "copy", far, str(folder / remote))
        assert prints(folder / remote) == prints(source)
