"""Every refusal and failure as `application/problem+json` (RFC 9457): one shape, one stable code."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from tenants.models.errors import DomainError, Forbidden, Invalid, NotFound

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5


class TooLarge(DomainError):
    """More than a body may have."""

    code = "too_large"
    status = 413
    title = _("The body is larger than 1 MiB.")


class Unreadable(DomainError):
    """Bytes that are no JSON that anybody would send in earnest."""

    code = "unreadable"
    status = 400
    title = _("The body cannot be read.")


class Unavailable(DomainError):
    """The database does not answer: ours to mend, and worth trying again."""

    code = "unavailable"
    status = 503
    title = _("The service cannot answer just now: try again in a few seconds.")


class Broken(DomainError):
    """A defect of ours. Nothing of it is told, all of it is logged."""

    code = "internal_error"
    status = 500
    title = _("Something went wrong on our side; it has been recorded.")


class LibraryRefusal(DomainError):
    """What the framework itself refused, under our codes."""


# The framework's errors that mean exactly one of ours.
_MEANINGS: Final[tuple[tuple[type[Exception], type[DomainError]], ...]] = (
    (Http404, NotFound),
    (PermissionDenied, Forbidden),
    (RequestDataTooBig, TooLarge),
    (RecursionError, Unreadable),
    (UnicodeError, Unreadable),
    (OperationalError, Unavailable),
    (InterfaceError, Unavailable),
)


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's hook: any exception in, problem details out."""
    request = context.get("request")
    refusal = meaning_of(exc)
    response = Response(
        problem(refusal, instance=request.path if request else ""),
        status=refusal.status,
        content_type=CONTENT_TYPE,
    )
    if getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    wait = getattr(exc, "wait", None)
    if refusal.status == 503 or wait is not None:
        response["Retry-After"] = str(int(wait or RETRY_AFTER_S))
    return response


def problem(refusal: DomainError, *, instance: str) -> dict[str, Any]:
    """The members of RFC 9457 plus `code` and, for fields, `errors`."""
    body: dict[str, Any] = {
        "type": f"urn:elaastic:problem:{refusal.code}",
        "title": str(refusal.title),
        "status": refusal.status,
        "detail": str(refusal.detail),
        "instance": instance,
        "code": refusal.code,
    }
    if refusal.errors:
        body["errors"] = {name: [str(text) for text in texts] for name, texts in refusal.errors.items()}
    return {**refusal.extra, **body}


def meaning_of(exc: Exception) -> DomainError:
    """Which refusal an exception is; what nobody foresaw is `Broken`, and logged."""
    if isinstance(exc, DomainError):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        return Invalid(errors=dict(_by_field(exc.detail)))
    if isinstance(exc, exceptions.APIException):
        return _from_library(exc)
    for known, ours in _MEANINGS:
        if isinstance(exc, known):
            if ours is Unavailable:
                log.warning("The database did not answer: %s", exc)
            return ours()
    log.error("An API call failed.", exc_info=exc)
    return Broken()


def _from_library(exc: exceptions.APIException) -> DomainError:
    refusal = LibraryRefusal(str(exc.detail))
    # Instance attributes over class ones: the framework has many small errors, and each has its code.
    refusal.code = str(exc.default_code)  # type: ignore[misc]
    refusal.status = exc.status_code  # type: ignore[misc]
    refusal.title = str(exc.default_detail)  # type: ignore[misc]
    return refusal


def _by_field(detail: Any, name: str = "") -> Iterator[tuple[str, list[str | Promise]]]:
    """Flatten nested errors: `{"seat": {"lat": […]}}` becomes `seat.lat`."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _by_field(value, f"{name}.{key}" if name else str(key))
        return
    if isinstance(detail, list) and any(isinstance(entry, (Mapping, list)) for entry in detail):
        for place, entry in enumerate(detail):
            if entry:
                yield from _by_field(entry, f"{name}.{place}" if name else str(place))
        return
    texts = detail if isinstance(detail, list) else [detail]
    yield name.removesuffix(".non_field_errors") or "non_field_errors", [str(text) for text in texts]
