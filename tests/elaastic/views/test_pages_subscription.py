"""The subscription's page: live until it rests; its secrets once, to who may, after proving identity."""

import re

import pytest

from elaastic.models import Subscription
from provisioning.models import PlatformState, Resource, Stack
from tests.elaastic.region import workers_bring_everything_up
from tests.elaastic.views.pages import Pages, words


@pytest.fixture
def active(pages: Pages) -> str:
    """The path of one that stands."""
    return f"/subscriptions/{pages.active().public_id}/"


def test_the_page_follows_the_work_and_rests_when_it_is_done(pages: Pages) -> None:
    request = pages.asked()
    pages.approves(request)
    path = f"/subscriptions/{request.subscription.public_id}/"
    working = words(pages.get("owner", path))
    seen = working.partition("live/?seen=")[2].partition('"')[0]
    assert pages.get("owner", f"{path}live/", seen=seen).status_code == 204
    workers_bring_everything_up()
    moved = words(pages.get("owner", f"{path}live/", seen=seen))
    assert "Parti pronte: 9 di 9" in moved
    assert "Il tuo spazio è pronto" in moved
    assert "hx-get" not in moved


def test_a_secret_asks_who_you_are_first(pages: Pages, active: str) -> None:
    for method in (pages.get, pages.post):
        answer = method("owner", f"{active}credentials/writer/")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not Resource.objects.filter(revealed_at__isnull=False).exists()


def test_a_secret_is_shown_once_and_kept_by_nothing_on_the_way(pages: Pages, active: str) -> None:
    pages.proves_identity("owner")
    path = f"{active}credentials/writer/"
    assert pages.get("owner", path).status_code == 200
    assert not Resource.objects.filter(revealed_at__isnull=False).exists(), "looking shows nothing"
    shown = pages.post("owner", path)
    secret = words(shown).partition('id="secret-key">')[2].partition("<")[0]
    assert len(secret) == 40
    assert "no-store" in shown["Cache-Control"]
    assert words(shown).count(secret) >= 5, "the key, and the four clients' files"
    for again in (pages.post("owner", path), pages.get("owner", path)):
        assert secret not in words(again)
        assert "già stato mostrato, una volta sola" in words(again)
    assert pages.post("owner", path).status_code == 409


def test_the_card_says_who_collected_and_when(pages: Pages, active: str) -> None:
    pages.proves_identity("owner")
    assert "Da Owner," not in words(pages.get("viewer", active))
    pages.post("owner", f"{active}credentials/writer/")
    seen = words(pages.get("viewer", active))
    assert len(re.findall(r"Da Owner, \d\d/\d\d/\d{4}, \d\d:\d\d\.", seen)) == 1


def test_who_only_looks_sees_everything_but_collects_nothing(pages: Pages, active: str) -> None:
    page = words(pages.get("viewer", active))
    assert "il tuo ruolo è guardare" in page
    assert "/credentials/" not in page
    for who in ("viewer", "operator", "approver", "auditor", "administrator"):
        pages.proves_identity(who)
        assert pages.post(who, f"{active}credentials/writer/").status_code == 403, who
    assert not Resource.objects.filter(revealed_at__isnull=False).exists()


@pytest.mark.parametrize("tool", ["rclone", "restic", "s3cmd", "awscli"])
def test_a_clients_file_is_saved_without_the_secret(pages: Pages, active: str, tool: str) -> None:
    saved = pages.get("viewer", f"{active}config/restore/{tool}/")
    assert saved.status_code == 200
    assert saved["Content-Disposition"].startswith("attachment")
    assert "<SECRET KEY>" in saved.content.decode()
    assert pages.get("viewer", f"{active}config/owner/{tool}/").status_code == 404
    assert pages.get("stranger", f"{active}config/restore/{tool}/").status_code == 404


def test_a_credential_that_nobody_hands_out_has_no_page(pages: Pages, active: str) -> None:
    pages.proves_identity("owner")
    for name in ("owner", "probe", "nothing"):
        assert pages.get("owner", f"{active}credentials/{name}/").status_code == 404


def test_when_the_platform_is_down_the_page_says_that_it_is_us(pages: Pages, active: str) -> None:
    from django.utils import timezone

    PlatformState.objects.update_or_create(platform="ceph-test", defaults={"open_until": timezone.now()})
    assert "Il problema è nostro, non tuo" in words(pages.get("owner", active))


def test_what_stopped_is_told_without_the_platforms_own_words(pages: Pages, active: str) -> None:
    told = {"state": "failed", "reason": "Refused", "message": "The platform refused; mend it. EntityTooWeird"}
    Resource.objects.filter(name="writer").update(**told)
    Stack.objects.update(**told)
    page = words(pages.get("owner", active))
    assert "tocca alla regione" in page
    assert "EntityTooWeird" not in page
    key = Subscription.objects.get().stack_key
    assert "EntityTooWeird" in words(pages.get("operator", f"/console/{key}/"))


def test_a_name_that_is_markup_stays_text(pages: Pages, active: str) -> None:
    from tenants.models import LocalAuthority

    LocalAuthority.objects.filter(pk=pages.world.home.pk).update(name="<script>alert(1)</script>")
    for path in (active, "/", "/subscriptions/", f"{active}events/"):
        assert b"<script>alert" not in pages.get("owner", path).content, path
