"""The same POST twice has one effect: `Idempotency-Key`.

1. Begin the transaction that the effect will happen in, and take the key (an advisory lock on PostgreSQL;
   SQLite's single writer is lock enough, so there a twin waits instead of being told 409).
2. A row for the key: the same request gets the first answer again, another request gets 422.
3. No row: insert it, do the work, keep the answer in the row, commit both together.
A refusal rolls everything back, so a call that had no effect may be made again under its key.

A call of many effects, each committed on its own, cannot do this in one transaction: `answer_apart` writes the row
first, without an answer. Its effects must be such that the same call again changes nothing.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.authentication import actor_or_none
from tenants.api.rendering import JsonRenderer
from tenants.models import Actor, AnswerState, IdempotencyRecord
from tenants.models.errors import DomainError, Invalid

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
MAX_KEY: Final = 255
# Longer than any call may run: a row without an answer that is older than this is of a process that died.
GIVEN_UP: Final = timedelta(minutes=10)
# Printable ASCII; blanks at its ends are not part of a header's value.
KEY: Final = re.compile(r"^[!-~]([ -~]*[!-~])?$")


class KeyReused(DomainError):
    """One key, two requests: one of them is a mistake of the client."""

    code = "idempotency_key_reused"
    status = 422
    title = _("This idempotency key was used for another request.")


class StillRunning(DomainError):
    """The first request of this key has not ended."""

    code = "idempotency_running"
    title = _("The first request with this idempotency key is still running: try again.")


class AlreadyRevealed(DomainError):
    """The answer held a secret, which is kept nowhere."""

    code = "already_revealed"
    title = _("The answer held a secret and was shown once; it cannot be repeated.")


def answer_once(request: Request, work: Callable[[], Response], *, reveals_secret: bool) -> Response:
    """Do the work, or repeat the answer that it had. Raises KeyReused, StillRunning, AlreadyRevealed."""
    key, actor = _key_of(request), actor_or_none(request)
    if key is None or actor is None:
        return work()
    fingerprint = _fingerprint(request, actor)
    with transaction.atomic():
        if not _take(actor.user.pk, key):
            raise StillRunning
        known = IdempotencyRecord.objects.filter(user=actor.user, key=key).first()
        if known:
            return _repeat(known, fingerprint)
        record = IdempotencyRecord.objects.create(user=actor.user, key=key, fingerprint=fingerprint)
        response = work()
        _keep(record, response, reveals_secret=reveals_secret)
    return response


def answer_apart(request: Request, work: Callable[[], Response], *, reveals_secret: bool) -> Response:
    """The same for a call whose effects commit one by one. A call that died is taken up again under its key."""
    key, actor = _key_of(request), actor_or_none(request)
    if key is None or actor is None:
        return work()
    fingerprint = _fingerprint(request, actor)
    with transaction.atomic():
        if not _take(actor.user.pk, key):
            raise StillRunning
        mine = IdempotencyRecord.objects.filter(user=actor.user, key=key)
        known = mine.first()
        if known and (known.status or known.fingerprint != fingerprint):
            return _repeat(known, fingerprint)
        if known and not mine.filter(created_at__lt=Now() - GIVEN_UP).update(created_at=Now()):
            raise StillRunning
        record = known or IdempotencyRecord.objects.create(user=actor.user, key=key, fingerprint=fingerprint)
    try:
        response = work()
    except BaseException:
        mine.delete()
        raise
    _keep(record, response, reveals_secret=reveals_secret)
    return response


def _key_of(request: Request) -> str | None:
    """The key, when the call has one and is of the kind that it is for."""
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return None
    if actor_or_none(request) and (len(key) > MAX_KEY or not KEY.fullmatch(key)):
        raise Invalid(errors={HEADER: [_("An idempotency key has 1 to 255 printable ASCII characters.")]})
    return key


def _fingerprint(request: Request, actor: Actor) -> str:
    """Whose token for which authority asks what: another narrowing is another request."""
    head = f"{request.method} {request.get_full_path()} {actor.authority_id}\n"
    return hashlib.sha256(head.encode() + request._request.body).hexdigest()


def _take(user_id: int, key: str) -> bool:
    """True when nobody else is at this key until the transaction ends."""
    if connection.vendor != "postgresql":
        return True
    number = int.from_bytes(hashlib.sha256(f"{user_id}:{key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _repeat(known: IdempotencyRecord, fingerprint: str) -> Response:
    if known.fingerprint != fingerprint:
        raise KeyReused
    if known.state == AnswerState.REVEALED:
        raise AlreadyRevealed
    body = json.loads(known.body) if known.body else None
    return Response(body, status=known.status, headers={**known.headers, REPLAYED: "true"})


def _keep(record: IdempotencyRecord, response: Response, *, reveals_secret: bool) -> None:
    """Only what a client needs again: status, headers that the view set, body without secrets."""
    state, body = AnswerState.REVEALED, ""
    if not reveals_secret:
        state = AnswerState.KEPT
        body = "" if response.data is None else JsonRenderer().render(response.data).decode()
    kept = {name: value for name, value in response.headers.items() if name in ("Location", "ETag")}
    IdempotencyRecord.objects.filter(pk=record.pk).update(
        state=state, body=body, status=response.status_code, headers=kept
    )
