"""What every view of the API does, in order.

1. Refuse what is too large, unread. Count the call; over the allowance: 429.
2. Refuse what is asked with a parameter that the view does not know.
3. Who calls, and may they: authentication and the view's policy.
4. Do the work, once for an `Idempotency-Key`.
5. Turn what went wrong into problem details; add the headers that every answer has.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.api.authentication import actor_of, ip_of
from tenants.api.idempotency import answer_apart, answer_once
from tenants.api.policy import Policy
from tenants.api.problems import TooLarge
from tenants.models import Actor, User
from tenants.models.errors import Invalid
from tenants.usage import ANONYMOUS_CALLS_PER_MINUTE, CALLS_PER_MINUTE, Allowance, count_call
from tenants.views.limits import announced_bytes

MAX_BODY_BYTES: Final = 1024 * 1024


class ApiView(APIView):
    """Base of every view: declare `policy`, and `parameters` for what may stand after the question mark."""

    policy: ClassVar[Policy] = {}
    parameters: ClassVar[frozenset[str]] = frozenset()
    # True: the answer holds a secret, is never stored, and its replay is refused.
    reveals_secret: ClassVar[bool] = False
    # False: the effects commit one by one, each whole, and the same call again changes nothing.
    atomic_effect: ClassVar[bool] = True
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    allowance: Allowance | None = None

    @property
    def actor(self) -> Actor:
        """Who calls."""
        return actor_of(self.request)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's, with step 4 around the handler."""
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(self.request, *args, **kwargs)
            work: Callable[[], Response] = partial(self._handler(), self.request, *args, **kwargs)
            once = answer_once if self.atomic_effect else answer_apart
            response = once(self.request, work, reveals_secret=self.reveals_secret)
        except Exception as exc:
            response = self.handle_exception(exc)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Steps 1 to 3."""
        if announced_bytes(request) > MAX_BODY_BYTES:
            self._count_stranger(request)
            raise TooLarge
        self._count(request)
        super().initial(request, *args, **kwargs)
        self._check_query(request)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Step 5's headers."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        if self.allowance:
            response.headers["X-RateLimit-Limit"] = str(self.allowance.limit)
            response.headers["X-RateLimit-Remaining"] = str(self.allowance.remaining)
            response.headers["X-RateLimit-Reset"] = str(self.allowance.reset_s)
        return response

    def _handler(self) -> Callable[..., Response]:
        handler: Callable[..., Response] = getattr(self, str(self.request.method).lower())
        return handler

    def _count_stranger(self, request: Request) -> None:
        """By the address: to know who it is, a form's token would be looked for in a body that nobody reads."""
        limit = _limit("ANONYMOUS", ANONYMOUS_CALLS_PER_MINUTE)
        self.allowance = count_call(f"ip:{ip_of(request)}", limit=limit)
        if self.allowance.exhausted:
            raise exceptions.Throttled(wait=self.allowance.reset_s)

    def _count(self, request: Request) -> None:
        """A wrong token is counted against its address, so that guessing is slow too."""
        caller, limit = f"ip:{ip_of(request)}", _limit("ANONYMOUS", ANONYMOUS_CALLS_PER_MINUTE)
        try:
            if isinstance(request.user, User):
                caller, limit = f"user:{request.user.pk}", _limit("CALLER", CALLS_PER_MINUTE)
        finally:
            self.allowance = count_call(caller, limit=limit)
        if self.allowance.exhausted:
            raise exceptions.Throttled(wait=self.allowance.reset_s)

    def _check_query(self, request: Request) -> None:
        faults = {}
        for name, values in request.query_params.lists():
            if name not in self.parameters:
                faults[name] = [_("There is no such parameter here.")]
            elif len(values) > 1:
                faults[name] = [_("Give this parameter once.")]
            elif "\x00" in values[0]:
                faults[name] = [_("This value is not valid here.")]
        if faults:
            raise Invalid(errors=faults)


def _limit(whose: str, default: int) -> int:
    """An operator may set other figures: `API_CALLS_PER_MINUTE_CALLER`, `API_CALLS_PER_MINUTE_ANONYMOUS`."""
    return int(getattr(settings, f"API_CALLS_PER_MINUTE_{whose}", default))
