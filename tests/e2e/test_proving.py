"""A town makes a copy, looks whether it arrived, and proves that it comes back; the region sees how all stands."""

import hashlib
from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from playwright.sync_api import Browser, Page, expect

from tests.e2e.goodness import assert_page_is_good
from tests.e2e.portal import confirm_that_it_is_me, running_portal, somebody, wait_for

pytestmark = pytest.mark.browser
WORK_MS = 90_000
BODY = b"il piano regolatore"


@pytest.fixture(scope="module")
def portal() -> Iterator[str]:
    with running_portal("portal-e2e-proving") as base:
        yield base


@pytest.mark.parametrize(
    ("width", "town"), [(1280, "tecnico@comune.example"), (375, "tecnico@altro.example")], ids=["desk", "phone"]
)
def test_a_copy_arrives_and_comes_back(browser: Browser, portal: str, width: int, town: str) -> None:
    with somebody(browser, portal, town, width) as page:
        home = stands(browser, portal, page, width)
        put(page, home)
        page.goto(home)
        page.get_by_role("button", name="È arrivata una copia? Guarda adesso").click()
        wait_for(page, page.get_by_role("heading", name="Le copie arrivano. Ora dimostra che tornano"), WORK_MS)
        assert_page_is_good(page, "proving-arrived")
        page.get_by_role("link", name="Dimostra che sapete ripristinare").click()
        assert_page_is_good(page, "proving-begin")
        page.get_by_label("restic").check()
        page.get_by_role("button", name="Comincia la prova di ripristino").click()
        expect(page.get_by_role("heading", name="Passo 1 di 2")).to_be_visible()
        assert_page_is_good(page, "proving-file")
        page.get_by_role("button", name="Interrompi questa prova").click()
        page.get_by_label("rclone").check()
        page.get_by_role("button", name="Comincia la prova di ripristino").click()
        while page.get_by_role("link", name="Guarda di nuovo").count():
            page.get_by_role("link", name="Guarda di nuovo").click()
        expect(page.locator("#restore-command")).to_contain_text("rclone --config rclone.conf hashsum SHA256")
        page.get_by_label("Lo SHA-256").fill("boh")
        page.get_by_role("button", name="Confronta").click()
        assert_page_is_good(page, "proving-answer")
        page.get_by_label("Lo SHA-256").fill(f"{hashlib.sha256(BODY).hexdigest()}  piano.pdf")
        page.get_by_role("button", name="Confronta").click()
        expect(page.locator("#messages")).to_contain_text("È esattamente ciò che era stato copiato")
        assert_page_is_good(page, "proving-proven")
        page.goto("/subscriptions/")
        expect(page.locator("tbody")).to_contain_text("Attiva e verificata")
        assert_page_is_good(page, "proving-list")
        page.goto("/")
        assert_page_is_good(page, "proving-home")
        page.goto("/trail/")
        assert_page_is_good(page, "proving-trail-owner")
    with somebody(browser, portal, "auditor@region.example", width) as auditor:
        for address, name in (("/", "home"), ("/platforms/", "platforms"), ("/trail/?words=restore", "trail")):
            auditor.goto(address)
            assert_page_is_good(auditor, f"proving-region-{name}")


def stands(browser: Browser, portal: str, page: Page, width: int) -> str:
    """The address of a subscription that the region approved and workers made."""
    page.get_by_role("link", name="Chiedi il livello 1").first.click()
    page.get_by_role("button", name="Vai al riepilogo").click()
    page.get_by_role("button", name="Invia la richiesta").click()
    wait_for(page, page.get_by_role("heading", name="Il piano", exact=True), WORK_MS)
    with somebody(browser, portal, "approver@region.example", width) as approver:
        approver.goto(page.url)
        approver.get_by_role("button", name="Approva questo piano").click()
    page.goto("/subscriptions/")
    page.locator("tbody a").click()
    wait_for(page, page.get_by_role("heading", name="Il tuo spazio è pronto"), WORK_MS)
    return page.url


def put(page: Page, home: str) -> None:
    """Both secrets collected, and one file copied with the writer's."""
    for name in ("writer", "restore"):
        page.goto(f"{home}credentials/{name}/")
        confirm_that_it_is_me(page)
        page.locator("main").get_by_role("button").first.click()
        confirm_that_it_is_me(page)
        if name == "writer":
            key, secret = (page.locator(f"#{part}").inner_text() for part in ("access-key", "secret-key"))
            endpoint = page.locator("dl.mc-facts code").first.inner_text()
            bucket = page.locator("dl.mc-facts").first.locator("dd").nth(2).locator("code").first.inner_text()
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )
    client.put_object(Bucket=bucket, Key="piano.pdf", Body=BODY)
