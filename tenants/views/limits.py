"""How often one address may press the buttons of pages that ask for no login, and how much a page takes."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from tenants.usage import count_call
from tenants.views.person import P, View, ip_of

# A person who mistypes; a town's office behind one address registers, mistypes and asks again.
PRESSES_PER_MINUTE: Final = 20


def limited(what: str) -> Callable[[View[P]], View[P]]:
    """Answer 429 to more than `PRESSES_PER_MINUTE` POSTs a minute from one address, counted for `what`."""

    def around(view: View[P]) -> View[P]:
        @wraps(view)
        def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method == "POST":
                allowance = count_call(f"{what}:{ip_of(request)}"[:80], limit=PRESSES_PER_MINUTE)
                if allowance.exhausted:
                    answer = render(request, "429.html", status=429)
                    answer["Retry-After"] = str(allowance.reset_s)
                    return answer
            return view(request, *args, **kwargs)

        return inner

    return around


def takes_bytes(most: int) -> Callable[[Any], Any]:
    """More than the 1 MiB that every other page takes, files and all; beyond it 413, before any of it is read."""

    def around(view: Any) -> Any:
        view.most_bytes = most
        return view

    return around


def announced_bytes(request: HttpRequest) -> int:
    """How long the body will be, by its own heading; 0 when that is missing or no number."""
    told = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(told) if told.isdecimal() else 0
