"""How people come in: they are invited, nobody opens an account for oneself, and second factors are kept sealed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from tenants.services.second_factor import is_required

_SEALED: Final = frozenset({"secret", "seed"})  # of codes by the clock, and of recovery codes


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Answers allauth's questions about local accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """An account without an authority or a role is of no use to anybody but an attacker."""
        return False


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Whoever reads the database, or a dump of it, makes no codes: seeds are sealed with the vault's keys."""

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Who must have one keeps it; a new telephone is set up by an administrator's reset."""
        return not (is_required() and authenticator.user.region_roles)

    def encrypt(self, text: str) -> str:
        """With the first key."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """With whichever key fits; cryptography's InvalidToken when none does."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


def who_signs_in(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Whose wrong passwords axes counts: without a name it would close an address to everybody there.

    The login form says `login`, and allauth hands on `email`; capital letters make nobody else of a person.
    """
    said = (credentials or {}).get("email") or request.POST.get("login", "")
    return str(said).strip().lower()


def rotate_second_factors() -> int:
    """Seal every seed with the first key again; how many. May be stopped and repeated.

    A row that changed meanwhile is left: who changed it used the first key.
    """
    cipher, done = _cipher(), 0
    for row in Authenticator.objects.order_by("pk").iterator():
        sealed = {name: cipher.rotate(row.data[name].encode()).decode() for name in _SEALED & set(row.data)}
        same = Authenticator.objects.filter(pk=row.pk, data=row.data)
        done += same.update(data={**row.data, **sealed}) if sealed else 0
    return done


def _cipher() -> MultiFernet:
    if settings.VAULT_KEYS_FILE is None:
        raise ImproperlyConfigured("MCLOUD_VAULT_KEYS_FILE is not set.")
    keys = Path(settings.VAULT_KEYS_FILE).read_text(encoding="utf-8").split()
    return MultiFernet([Fernet(key) for key in keys])
