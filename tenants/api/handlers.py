"""Django's own 400, 403, 404 and 500: problem details under `/rest/`, pages everywhere else.

Two of them are told apart further: a body that is too large is 413, a database that does not answer is 503.
"""

import sys

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template import loader
from django.views import defaults

from tenants.api.problems import CONTENT_TYPE, RETRY_AFTER_S, Broken, TooLarge, Unavailable, Unreadable, problem
from tenants.models.errors import DomainError, Forbidden, NotFound

API_ROOT = "/rest/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler400` of the root URLs."""
    if isinstance(exception, RequestDataTooBig):
        page = HttpResponse(loader.render_to_string("413.html"), status=TooLarge.status)
        return _as_problem(request, TooLarge()) or page
    return _as_problem(request, Unreadable()) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler403` of the root URLs."""
    return _as_problem(request, Forbidden()) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler404` of the root URLs."""
    return _as_problem(request, NotFound()) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """`handler500` of the root URLs."""
    # The driver's own as well: closing a cursor whose statement was ended fails past Django's translation.
    silent = (OperationalError, InterfaceError, connection.Database.OperationalError)  # type: ignore[attr-defined]
    if not isinstance(sys.exc_info()[1], silent):
        return _as_problem(request, Broken()) or defaults.server_error(request)
    # Without the request: who is signed in stands in the database that does not answer.
    page = HttpResponse(loader.render_to_string("503.html"), status=Unavailable.status)
    answer = _as_problem(request, Unavailable()) or page
    answer["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _as_problem(request: HttpRequest, refusal: DomainError) -> JsonResponse | None:
    if not request.path.startswith(API_ROOT):
        return None
    return JsonResponse(
        problem(refusal, instance=request.path),
        status=refusal.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )
