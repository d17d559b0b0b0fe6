"""Secrets are a type: nothing prints one by accident."""

import secrets
import string
from typing import Any, NoReturn


class Secret:
    """A value that must not show. It has no useful repr, does not pickle, and equality is constant time."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value. Every call of this is a place worth reviewing."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        import hmac

        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not serialised; the vault stores it.")

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self


def generate(field: str) -> Secret:
    """A new secret for a kind's field. S3 access keys are 20 capitals and digits by custom; the rest 40 letters.

    40 characters of 62 are 238 bits: nobody guesses one.
    """
    if field == "access_key":
        return Secret("".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(20)))
    return Secret("".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(40)))
