"""Before any page or call: nothing too large is read, and the region's people have proven a second factor."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from tenants.api.problems import CONTENT_TYPE, problem
from tenants.models import User
from tenants.models.errors import SecondFactorMissing
from tenants.services.second_factor import has_one, is_lacking
from tenants.views.limits import announced_bytes

# Signing in and out, and setting the factor up; the language; what the health check and the pages are made of.
OPEN: Final = ("/accounts/", "/i18n/", "/static/", "/healthz")
API: Final = "/rest/"

Next = Callable[[HttpRequest], HttpResponseBase]


class NothingTooLarge:
    """A page is told how much is coming before it comes, and nothing of what is too much is read.

    Django itself counts a body without its files, and the first look for a form's token would write those to disk,
    whoever sends them and however many they are. A view that takes more says so with `takes_bytes`. The API judges
    its bodies itself (`tenants.api.base`), since its refusals count as calls.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The view is not known yet."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Before anybody reads a form. A body of no announced length is none: no byte of it is handed on."""
        most = getattr(view, "most_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if announced_bytes(request) > most and not request.path.startswith(API):
            raise RequestDataTooBig


class SecondFactorOfTheRegion:
    """A page leads to where the code is asked for or the app set up; a call of the API is refused."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Tokens are not sessions: a call that carries one is judged by the token."""
        if request.path.startswith(OPEN) or not is_lacking(request):
            return self.get_response(request)
        if request.path.startswith(API):
            if request.headers.get("Authorization", "").lower().startswith("bearer "):
                return self.get_response(request)
            refusal = SecondFactorMissing()
            return JsonResponse(
                problem(refusal, instance=request.path),
                status=refusal.status,
                content_type=CONTENT_TYPE,
                headers={"Cache-Control": "no-store"},
            )
        return _to_where_it_is_proven(request)


def _to_where_it_is_proven(request: HttpRequest) -> HttpResponseBase:
    assert isinstance(request.user, User)
    if has_one(request.user):
        back = {"next": request.get_full_path()} if request.method == "GET" else {}
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode(back)}")
    said = _("The region's people sign in with a code from an app as well. Set it up now, then go on.")
    messages.warning(request, said)
    return redirect("mfa_activate_totp")
