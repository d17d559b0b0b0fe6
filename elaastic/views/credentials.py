"""Handing over: a secret once, to a person who has just proven who they are; configurations as often as wanted."""

from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from elaastic.models import Subscription
from elaastic.models.errors import AlreadyRevealed, NotReady
from elaastic.permissions import may_collect
from elaastic.selectors.access import Access
from elaastic.selectors.configs import TOOLS, tools_for
from elaastic.selectors.subscriptions import Credential, credentials
from elaastic.services.collecting import Revealed, connection_of, reveal_credential
from elaastic.views import words
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.subscriptions import TOOL_NAMES, subscription_or_404
from tenants.models import Actor
from tenants.models.errors import DomainError

# A page with a secret is kept nowhere: not by the browser, not by anything between.
_KEPT_NOWHERE: Final = {"Cache-Control": "no-store, private", "Pragma": "no-cache"}


@signed_in
def reveal(request: HttpRequest, public_id: UUID, name: str) -> HttpResponseBase:
    """GET: what is about to happen. POST: the secret, the only time; never through a redirect.

    Who may not collect is told so before anybody asks for a password.
    """
    actor = actor_of(request)
    row = subscription_or_404(actor, public_id)
    found = next((c for c in credentials(row) if c.name == name), None)
    if found is None:
        raise Http404
    if not may_collect(actor, row):
        raise PermissionDenied
    answer: HttpResponseBase = _after_proof(request, actor, row, found)
    return answer


@reauthentication_required
def _after_proof(request: HttpRequest, actor: Actor, row: Subscription, found: Credential) -> HttpResponse:
    context = {"row": row, "credential": found, "words": words.CREDENTIALS[found.name]}
    if request.method != "POST":
        problem = _hindrance(found.ready, found.secret_shown)
        return answer_kept_nowhere(request, "elaastic/reveal_confirm.html", {**context, "problem": problem}, 200)
    try:
        shown = reveal_credential(subscription=row, name=found.name, by=actor)
    except DomainError as refused:
        context["problem"] = sentence_of(refused)
        return answer_kept_nowhere(request, "elaastic/reveal_confirm.html", context, refused.status)
    return answer_kept_nowhere(request, "elaastic/revealed.html", {**context, **shown_secret(shown)}, 200)


def _hindrance(ready: bool, secret_shown: bool) -> str:
    if secret_shown:
        return str(AlreadyRevealed.title)
    return "" if ready else str(NotReady.title)


def answer_kept_nowhere(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    """A page that holds a secret, or leads to one."""
    answer = render(request, template, context, status=status)
    for header, value in _KEPT_NOWHERE.items():
        answer[header] = value
    return answer


def shown_secret(shown: Revealed) -> dict[str, Any]:
    """What the page of a secret shows: both halves, the ready files, and the other ways."""
    access = shown.access
    ways = [(words.PROTOCOLS[way.protocol], way) for way in access.ways]
    files = [
        {"tool": tool, "title": TOOL_NAMES.get(tool, tool), "file": made, "href": _as_link(made.text)}
        for tool, made in ((tool, TOOLS[tool](access)) for tool in tools_for(access))
    ]
    shown_once = {"access_key": access.access_key, "secret_key": access.secret}
    return {**shown_once, "files": files, "access": access, "ways": ways}


def _as_link(text: str) -> str:
    """The file as a link that saves it: no second address ever serves the secret."""
    return f"data:text/plain;charset=utf-8,{quote(text)}"


@signed_in
def configuration(request: HttpRequest, public_id: UUID, name: str, tool: str) -> HttpResponseBase:
    """A client's file with a gap where the secret goes."""
    row = subscription_or_404(actor_of(request), public_id)
    access = _access(row, name)
    if access is None or tool not in tools_for(access):
        raise Http404
    made = TOOLS[tool](access)
    answer = HttpResponse(made.text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{made.filename}"'
    return answer


def _access(row: Subscription, name: str) -> Access | None:
    found = next((c for c in credentials(row) if c.name == name and c.ready), None)
    connection = connection_of(row)
    if found is None or not connection.buckets:
        return None
    return connection.access(name, found.access_key)
