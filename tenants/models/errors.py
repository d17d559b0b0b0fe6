"""Refusals that people and clients read: one base class, one stable code each.

Any app may subclass `DomainError`; the API turns it into problem details without knowing which it is.
Raising one inside a service's transaction rolls the whole act back: nothing is stored half.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
FieldErrors = Mapping[str, Sequence[Text]]


class DomainError(Exception):
    """A refusal: `code` never changes, `detail` is a sentence with the next step, `errors` are by field.

    Nested fields are named with dots (`seat.lat`). `extra` holds further members of the problem, such as
    the link of the object that is in the way; it must be JSON.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    title: ClassVar[Text] = _("The request was refused.")

    def __init__(self, detail: Text = "", *, errors: FieldErrors | None = None, **extra: Any) -> None:
        super().__init__(str(detail or self.title))
        self.detail = detail or self.title
        self.errors: FieldErrors = dict(errors or {})
        self.extra = extra


class Invalid(DomainError):
    """What was sent cannot be meant; every field at fault is named."""

    code = "invalid"
    status = 400
    title = _("Some fields are not valid.")


class NotFound(DomainError):
    """Absent, or somebody else's: the two are told apart by nobody outside."""

    code = "not_found"
    status = 404
    title = _("There is nothing at this address.")


class Forbidden(DomainError):
    """The person may see this and may not do that."""

    code = "forbidden"
    status = 403
    title = _("Your role does not allow this.")


class SecondFactorMissing(Forbidden):
    """A password alone is not enough for the region's people."""

    code = "second_factor_missing"
    title = _("Sign in on a page with your second factor first, or use a token.")


class OwnAuthority(Forbidden):
    """Nobody checks the identity of the body that they work for."""

    code = "own_authority"
    title = _("You cannot verify an authority of which you are a member.")


class AuthorityExists(DomainError):
    """Indice PA and fiscal codes name one body each."""

    code = "authority_exists"
    title = _("An authority with this code is already registered.")


class WrongState(DomainError):
    """The act has no meaning in the state the object is in."""

    code = "wrong_state"
    title = _("This cannot be done in the present state.")


class StaleVersion(DomainError):
    """Somebody changed the object after it was read."""

    code = "stale_version"
    status = 412
    title = _("The object has changed since it was read: read it again.")


class TooMany(DomainError):
    """Somebody, or everybody together, asked for the same thing too often."""

    code = "too_many"
    status = 429
    title = _("This was asked for too often in a short time: wait a while.")
