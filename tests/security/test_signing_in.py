"""Signing in and out as an attacker tries it: guessing, fixation, redirects, a second factor without end."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from tests.personas import PASSWORD, World

LOGIN, LOGOUT = "/accounts/login/", "/accounts/logout/"
COOKIE = "sessionid"
HALF_MINUTE = 58_000_000  # of the codes of a second factor; the same for a whole test, however slow it is


@pytest.fixture(autouse=True)
def _nothing_counted_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What other tests of this process guessed does not count here, and no half-minute ends."""
    monkeypatch.setattr(totp, "yield_hotp_counters_from_time", lambda: iter([HALF_MINUTE]))
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def browser(world: World) -> Client:
    """Somebody's, with nobody signed in."""
    return Client(raise_request_exception=False)


def _sign_in(browser: Client, password: str = PASSWORD, who: str = "owner", **more: str) -> Any:
    return browser.post(LOGIN, {"login": f"{who}@comune.example", "password": password, **more})


def _code_of(secret: str) -> str:
    """What the telephone shows now."""
    return totp.format_hotp_value(totp.hotp_value(secret, HALF_MINUTE))


def _is_in(browser: Client) -> bool:
    return browser.get("/subscriptions/").status_code == 200


def test_a_session_gets_another_name_when_its_person_signs_in(browser: Client) -> None:
    session = browser.session
    session["planted"] = "by somebody else"
    session.save()
    browser.cookies[COOKIE] = before = str(session.session_key)
    assert _sign_in(browser).status_code == 302
    assert browser.cookies[COOKIE].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_signing_out_ends_the_session_here_and_for_whoever_copied_it(browser: Client) -> None:
    _sign_in(browser)
    copied = Client()
    copied.cookies[COOKIE] = browser.cookies[COOKIE].value
    assert _is_in(copied)
    assert browser.get(LOGOUT).status_code == 200, "a link or an image signs nobody out"
    assert _is_in(browser)
    browser.post(LOGOUT)
    assert not _is_in(browser)
    assert not _is_in(copied)


def test_a_new_password_ends_the_other_sessions(browser: Client) -> None:
    other = Client()
    _sign_in(other)
    _sign_in(browser)
    new = "un'altra frase lunga e sola"
    told = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert browser.post("/accounts/password/change/", told).status_code == 302
    assert _is_in(browser)
    assert not _is_in(other)


def test_who_guesses_is_locked_out_even_with_the_right_password(browser: Client) -> None:
    for _guess in range(8):
        answer = _sign_in(browser, "indovina indovinello")
    assert answer.status_code == 429
    assert _sign_in(browser).status_code == 429
    assert not _is_in(browser)
    assert _sign_in(Client(REMOTE_ADDR="127.0.0.9")).status_code == 302, "the person elsewhere is not locked out"


def test_an_unknown_person_and_a_wrong_password_are_the_same_answer(browser: Client) -> None:
    wrong = _sign_in(browser, "indovina indovinello")
    unknown = _sign_in(browser, "indovina indovinello", "nessunissimo")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_a_lost_password_is_answered_alike_for_everybody(browser: Client) -> None:
    known = browser.post("/accounts/password/reset/", {"email": "owner@comune.example"})
    unknown = browser.post("/accounts/password/reset/", {"email": "nessuno@comune.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
@pytest.mark.parametrize("address", [LOGIN, LOGOUT, "/i18n/setlang/", "/accounts/reauthenticate/"])
def test_nobody_is_sent_elsewhere(world: World, browser: Client, address: str, next_: str) -> None:
    if address != LOGIN:
        browser.force_login(world["owner"].user, backend="django.contrib.auth.backends.ModelBackend")
    told = {"login": "owner@comune.example", "password": PASSWORD, "language": "en", "next": next_}
    answer = browser.post(address, told)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith(("//", "/\\"))


@pytest.mark.parametrize("weak", ["breve", "12345678901234", "password1234", "owner@comune.example", "Owner Owner"])
def test_a_weak_password_is_refused(browser: Client, weak: str) -> None:
    _sign_in(browser)
    told = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    answer = browser.post("/accounts/password/change/", told)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert _sign_in(Client()).status_code == 302, "the former one still opens"


def test_a_long_phrase_with_spaces_is_taken_whole(browser: Client) -> None:
    _sign_in(browser)
    phrase = "è una frase di novantasei caratteri, con spazi e accenti: più lunga è, meglio è per tutti noi. "
    told = {"oldpassword": PASSWORD, "password1": phrase.strip(), "password2": phrase.strip()}
    assert browser.post("/accounts/password/change/", told).status_code == 302
    assert _sign_in(Client(), phrase.strip()[:-1]).status_code == 200
    assert _sign_in(Client(), phrase.strip()).status_code == 302


def test_nobody_opens_an_account_for_oneself(browser: Client) -> None:
    told = {"email": "nuovo@comune.example", "password1": PASSWORD, "password2": PASSWORD}
    answer = browser.post("/accounts/signup/", told)
    assert answer.status_code == 200
    assert not _is_in(browser)


def test_a_login_from_another_site_is_refused(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert _sign_in(strict).status_code == 403


@pytest.mark.parametrize(("guesses", "opens"), [(3, True), (11, False)])
def test_a_second_factor_cannot_be_guessed_without_end(
    world: World, browser: Client, guesses: int, opens: bool
) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(world["owner"].user, secret)
    assert _sign_in(browser)["Location"].startswith("/accounts/2fa/authenticate/")
    assert not _is_in(browser), "the password alone does not open"
    right = _code_of(secret)
    wrong = f"{(int(right) + 500_000) % 1_000_000:06d}"
    for _guess in range(guesses):
        browser.post("/accounts/2fa/authenticate/", {"code": wrong})
    browser.post("/accounts/2fa/authenticate/", {"code": right})
    assert _is_in(browser) == opens


def test_a_second_factor_opens_once(world: World, browser: Client) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(world["owner"].user, secret)
    code = _code_of(secret)
    _sign_in(browser)
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert _is_in(browser)
    overheard = Client()
    _sign_in(overheard)
    overheard.post("/accounts/2fa/authenticate/", {"code": code})
    assert not _is_in(overheard)
