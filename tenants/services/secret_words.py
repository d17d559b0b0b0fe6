"""Secrets that people receive by mail or by telephone: made here, compared here, kept as hashes only."""

import hashlib
import hmac
import secrets
from typing import Final

from django.conf import settings

# Without the letters and digits that are taken for one another on paper and on the telephone.
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
GROUP: Final = 4


def new_code(length: int = 8) -> str:
    """Something to type: 8 characters are 40 bits, in groups of four. Tries are limited where it is asked for."""
    letters = "".join(secrets.choice(ALPHABET) for _place in range(length))
    return "-".join(letters[at : at + GROUP] for at in range(0, length, GROUP))


def new_link_secret() -> str:
    """Something to click: 256 bits, safe in an address."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str, purpose: str) -> str:
    """Keyed, so that a dump of the database is nothing to try codes against; `purpose` keeps uses apart."""
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()


def typed(code: str) -> str:
    """A code as it was made, however it was typed: blanks, dashes and capital letters do not matter."""
    letters = "".join(c for c in code.upper() if c.isalnum())[:64]
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def fits(secret: str, purpose: str, kept: str) -> bool:
    """In constant time; nothing fits an empty hash."""
    return bool(kept) and hmac.compare_digest(hash_of(secret, purpose), kept)
