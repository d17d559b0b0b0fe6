"""Django's own 400, 403, 404 and 500: problem details under `/rest/`, pages everywhere else."""

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views import defaults

from tenants.api.problems import CONTENT_TYPE, Broken, Unreadable, problem
from tenants.models.errors import DomainError, Forbidden, NotFound

API_ROOT = "/rest/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler400` of the root URLs."""
    return _as_problem(request, Unreadable()) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler403` of the root URLs."""
    return _as_problem(request, Forbidden()) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """`handler404` of the root URLs."""
    return _as_problem(request, NotFound()) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """`handler500` of the root URLs."""
    return _as_problem(request, Broken()) or defaults.server_error(request)


def _as_problem(request: HttpRequest, refusal: DomainError) -> JsonResponse | None:
    if not request.path.startswith(API_ROOT):
        return None
    return JsonResponse(
        problem(refusal, instance=request.path),
        status=refusal.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )
