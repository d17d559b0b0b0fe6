"""Signing in and out as an attacker tries it: guessing, fixation, redirects, a second factor without end."""

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.test import Client

from tenants.models import User
from tenants.services.accounts import rotate_second_factors
from tests.personas import PASSWORD, World

LOGIN, LOGOUT = "/accounts/login/", "/accounts/logout/"
COOKIE = "sessionid"
HALF_MINUTE = 58_000_000  # of the codes of a second factor; the same for a whole test, however slow it is


@pytest.fixture(autouse=True)
def _no_half_minute_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A code that was read is still the code when it is typed."""
    monkeypatch.setattr(totp, "yield_hotp_counters_from_time", lambda: iter([HALF_MINUTE]))


@pytest.fixture
def visitor(world: World) -> Client:
    """Somebody's, with nobody signed in."""
    return Client(raise_request_exception=False)


def _sign_in(visitor: Client, password: str = PASSWORD, who: str = "owner", **more: str) -> Any:
    return visitor.post(LOGIN, {"login": f"{who}@comune.example", "password": password, **more})


def _code_of(secret: str) -> str:
    """What the telephone shows now."""
    return totp.format_hotp_value(totp.hotp_value(secret, HALF_MINUTE))


def _set_up(world: World, secret: str) -> None:
    """The owner has a telephone with codes."""
    totp.TOTP.activate(world["owner"].user, secret)


def _is_in(visitor: Client) -> bool:
    return visitor.get("/subscriptions/").status_code == 200


def test_a_session_gets_another_name_when_its_person_signs_in(visitor: Client) -> None:
    session = visitor.session
    session["planted"] = "by somebody else"
    session.save()
    visitor.cookies[COOKIE] = before = str(session.session_key)
    assert _sign_in(visitor).status_code == 302
    assert visitor.cookies[COOKIE].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_signing_out_ends_the_session_here_and_for_whoever_copied_it(visitor: Client) -> None:
    _sign_in(visitor)
    copied = Client()
    copied.cookies[COOKIE] = visitor.cookies[COOKIE].value
    assert _is_in(copied)
    assert visitor.get(LOGOUT).status_code == 200, "a link or an image signs nobody out"
    assert _is_in(visitor)
    visitor.post(LOGOUT)
    assert not _is_in(visitor)
    assert not _is_in(copied)


def test_a_new_password_ends_the_other_sessions(visitor: Client) -> None:
    other = Client()
    _sign_in(other)
    _sign_in(visitor)
    new = "un'altra frase lunga e sola"
    told = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert visitor.post("/accounts/password/change/", told).status_code == 302
    assert _is_in(visitor)
    assert not _is_in(other)


def test_who_guesses_is_locked_out_even_with_the_right_password(visitor: Client) -> None:
    for who in ("owner", "OWNER") * 4:  # capital letters make nobody else of a person
        answer = _sign_in(visitor, "indovina indovinello", who)
    assert answer.status_code == 429
    assert _sign_in(visitor).status_code == 429
    assert not _is_in(visitor)
    assert _sign_in(Client(), who="viewer").status_code == 302, "a colleague beside is not locked out"
    assert _sign_in(Client(REMOTE_ADDR="127.0.0.9")).status_code == 302, "the person elsewhere is not locked out"


def test_who_guesses_from_many_addresses_is_stopped_too(visitor: Client) -> None:
    for place in range(10):
        assert _sign_in(Client(REMOTE_ADDR=f"127.0.1.{place}"), "indovina indovinello").status_code == 200
    _sign_in(visitor)
    assert not _is_in(visitor), "the eleventh is not judged, even with the right password"


def test_who_tries_many_people_from_one_address_is_stopped_too(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty a minute; the minute stands still, or a slow machine would get through more."""
    moment = time.time()
    stands_still = SimpleNamespace(time=lambda: moment, monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(ratelimit, "time", stands_still)
    answers = [_sign_in(visitor, "indovina indovinello", f"persona{n}").status_code for n in range(31)]
    assert answers == [200] * 30 + [429]


def test_an_unknown_person_and_a_wrong_password_are_the_same_answer(visitor: Client) -> None:
    wrong = _sign_in(visitor, "indovina indovinello")
    unknown = _sign_in(visitor, "indovina indovinello", "nessunissimo")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_a_lost_password_is_answered_alike_for_everybody(visitor: Client) -> None:
    known = visitor.post("/accounts/password/reset/", {"email": "owner@comune.example"})
    unknown = visitor.post("/accounts/password/reset/", {"email": "nessuno@comune.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
@pytest.mark.parametrize("address", [LOGIN, LOGOUT, "/i18n/setlang/", "/accounts/reauthenticate/"])
def test_nobody_is_sent_elsewhere(world: World, visitor: Client, address: str, next_: str) -> None:
    if address != LOGIN:
        visitor.force_login(world["owner"].user, backend="django.contrib.auth.backends.ModelBackend")
    told = {"login": "owner@comune.example", "password": PASSWORD, "language": "en", "next": next_}
    answer = visitor.post(address, told)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith(("//", "/\\"))


@pytest.mark.parametrize("weak", ["breve", "12345678901234", "password1234", "owner@comune.example", "Owner Owner"])
def test_a_weak_password_is_refused(visitor: Client, weak: str) -> None:
    _sign_in(visitor)
    told = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    answer = visitor.post("/accounts/password/change/", told)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert _sign_in(Client()).status_code == 302, "the former one still opens"


def test_a_long_phrase_with_spaces_is_taken_whole(visitor: Client) -> None:
    _sign_in(visitor)
    phrase = "è una frase di novantasei caratteri, con spazi e accenti: più lunga è, meglio è per tutti noi. "
    told = {"oldpassword": PASSWORD, "password1": phrase.strip(), "password2": phrase.strip()}
    assert visitor.post("/accounts/password/change/", told).status_code == 302
    assert _sign_in(Client(), phrase.strip()[:-1]).status_code == 200
    assert _sign_in(Client(), phrase.strip()).status_code == 302


def test_nobody_opens_an_account_for_oneself(visitor: Client) -> None:
    told = {"email": "nuovo@comune.example", "password1": PASSWORD, "password2": PASSWORD}
    answer = visitor.post("/accounts/signup/", told)
    assert answer.status_code == 200
    assert not _is_in(visitor)


def test_a_login_from_another_site_is_refused(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert _sign_in(strict).status_code == 403


@pytest.mark.parametrize(("guesses", "opens"), [(3, True), (11, False)])
def test_a_second_factor_cannot_be_guessed_without_end(
    world: World, visitor: Client, guesses: int, opens: bool
) -> None:
    secret = totp.generate_totp_secret()
    _set_up(world, secret)
    assert _sign_in(visitor)["Location"].startswith("/accounts/2fa/authenticate/")
    assert not _is_in(visitor), "the password alone does not open"
    right = _code_of(secret)
    wrong = f"{(int(right) + 500_000) % 1_000_000:06d}"
    for _guess in range(guesses):
        visitor.post("/accounts/2fa/authenticate/", {"code": wrong})
    visitor.post("/accounts/2fa/authenticate/", {"code": right})
    assert _is_in(visitor) == opens


def test_a_second_factor_opens_once(world: World, visitor: Client) -> None:
    secret = totp.generate_totp_secret()
    _set_up(world, secret)
    code = _code_of(secret)
    _sign_in(visitor)
    visitor.post("/accounts/2fa/authenticate/", {"code": code})
    assert _is_in(visitor)
    overheard = Client()
    _sign_in(overheard)
    overheard.post("/accounts/2fa/authenticate/", {"code": code})
    assert not _is_in(overheard)


def test_a_seed_is_stored_sealed_and_outlives_the_key_that_sealed_it(
    world: World, settings: Any, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.VAULT_KEYS_FILE = keys
    keys.write_text(old)
    secret = totp.generate_totp_secret()
    _set_up(world, secret)
    RecoveryCodes.activate(world["owner"].user)
    assert secret not in json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    keys.write_text(f"{new}\n{old}\n")
    assert rotate_second_factors() == 2
    keys.write_text(new)
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    for code in (_code_of(secret), codes[0]):
        person = Client()
        _sign_in(person)
        person.post("/accounts/2fa/authenticate/", {"code": code})
        assert _is_in(person)


def test_a_closed_account_opens_nothing_any_more(world: World, visitor: Client) -> None:
    _sign_in(visitor)
    assert _is_in(visitor)
    User.objects.filter(email="owner@comune.example").update(is_active=False)
    assert not _is_in(visitor)
    _sign_in(visitor)
    assert not _is_in(visitor)
