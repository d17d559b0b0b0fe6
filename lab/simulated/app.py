"""The WSGI application: one call from its first byte to its log line.

1. The route is found and the call numbered and logged. 2. A fault planned before the work strikes. 3. The signature
is checked and the user looked up. 4. The handler works, atomic ones in a transaction. 5. A fault planned after the
work strikes. 6. The answer goes out.
"""

import io
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from http.client import responses
from pathlib import Path
from typing import Any

from lab.simulated import sigv4, spoiled, usage, users
from lab.simulated.calls import Call
from lab.simulated.control import Control
from lab.simulated.errors import Refused
from lab.simulated.faults import Fault, Kind, Plan, Record
from lab.simulated.openstack import cloud
from lab.simulated.region import Credentials, make_portal_users
from lab.simulated.routes import Match, Scope, match
from lab.simulated.s3_objects import NotModified
from lab.simulated.shape import MARCHE, Shape
from lab.simulated.store import Store
from lab.simulated.web import Answer, Environ, Request, request_from
from lab.simulated.xmlbody import document, tag

StartResponse = Callable[..., Any]
# The port of OpenStack where there is no server: whoever forgets to attach a client gets a connection refused.
CLOUD_PORT = 2
# Bodies of atomic calls are read before the lock is taken; every XML and JSON body is smaller.
MAX_SMALL_BODY = 4 << 20
# A refused upload is read to its end up to here: the largest part that any of the clients sends.
MAX_DRAINED = 64 << 20
# Signed callers, proxies and pages in a browser: none of them is the harness.
FOREIGN = frozenset({"authorization", "x-forwarded-for", "origin"})
LOOPBACK = ("127.0.0.1", "::1", "")


class Region:
    """The region as a WSGI application; usable in a server or, with `in_memory`, directly in a test's process."""

    def __init__(
        self,
        folder: Path,
        credentials: Credentials,
        *,
        shape: Shape = MARCHE,
        in_memory: bool = False,
        cloud_port: int = CLOUD_PORT,
    ) -> None:
        self.store = Store(folder, in_memory=in_memory)
        self.shape = shape
        self.credentials = credentials
        self.plan = Plan()
        self.cloud_port = cloud_port
        make_portal_users(self.store, credentials)
        self.control = Control(self.store, self.plan, lambda: make_portal_users(self.store, credentials))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request = request_from(environ)
        try:
            if request.path == "/healthz":
                return self._sent(Answer(200, b"ok\n", {"Content-Type": "text/plain"}), request, start_response)
            if request.path == "/control" or request.path.startswith("/control/"):
                return self._sent(self._control(request), request, start_response)
            answer = self._answer(request)
            if isinstance(answer.body, spoiled.Half):
                answer.body.connection = environ.get("gunicorn.socket")
            return self._sent(answer, request, start_response)
        except spoiled.Cut as cut:
            return cut.happen(environ)

    def _control(self, request: Request) -> Answer:
        """Loopback only, and never for a caller that signs: no key the portal holds opens this door."""
        if request.peer not in LOOPBACK or FOREIGN & request.headers.keys():
            return Answer(403, b'{"error": "control is for the test harness on this machine only"}')
        return self.control.answer(request)

    def _answer(self, request: Request) -> Answer:
        found = cloud.find(request) if request.port == self.cloud_port else None
        where = Match(None, Scope.CLOUD) if request.port == self.cloud_port else match(request)
        route = found.route if found else where.route
        name = route.name if route else ""
        record, fault = self.plan.begin(
            request.method, request.path, name, _claimed_key(request), request.query.get("uid", "")
        )
        if self.plan.latency_ms:
            time.sleep(self.plan.latency_ms / 1000)
        if fault and not fault.after:
            self._before(fault, record, request, where)
            if fault.kind in (Kind.STATUS, Kind.HTML):
                answer = spoiled.answered(fault, where.scope)
                record.status = answer.status
                return answer
        if where.scope is Scope.CLOUD:
            looked_at = self.control.listing_store() if found and found.route.lists else self.store
            answer = cloud.answer(self.store, looked_at, self.shape, request, found)
            _drain(request) if answer.status >= 400 else None
        else:
            answer = self._worked(request, where)
        record.status = answer.status
        return self._after(fault, answer, where) if fault else answer

    def _before(self, fault: Fault, record: Record, request: Request, where: Match) -> None:
        if fault.kind is Kind.KILL:
            _kill(fault.pid)
            raise spoiled.Cut
        if fault.kind in (Kind.REFUSE, Kind.RESET):
            raise spoiled.Cut(refused=fault.kind is Kind.REFUSE)
        if fault.kind is Kind.TIMEOUT:
            raise spoiled.Cut(wait_ms=fault.delay_ms)
        if fault.kind is Kind.SLOW:
            time.sleep(fault.delay_ms / 1000)

    def _after(self, fault: Fault, answer: Answer, where: Match) -> Answer:
        if fault.kind is Kind.TRUNCATE:
            return spoiled.truncated(answer)
        if fault.kind is Kind.MISSING:
            return spoiled.without(answer, fault.missing)
        if not fault.after:
            return answer
        if fault.kind is Kind.KILL:
            _kill(fault.pid)
        if fault.kind in (Kind.KILL, Kind.RESET, Kind.REFUSE):
            raise spoiled.Cut
        if fault.kind is Kind.TIMEOUT:
            raise spoiled.Cut(wait_ms=fault.delay_ms)
        if fault.kind in (Kind.STATUS, Kind.HTML):
            return spoiled.answered(fault, where.scope)
        time.sleep(fault.delay_ms / 1000)
        return answer

    def _worked(self, request: Request, where: Match) -> Answer:
        call: Call | None = None
        try:
            call = self._call(request, where)
            answer = self._handled(call, where)
        except NotModified:
            answer = Answer(304)
        except Refused as refusal:
            answer = _error(refusal, where, signed=call is None or call.user is not None)
            _drain(request)
        if call:
            usage.count(call, where, answer)
        return answer

    def _call(self, request: Request, where: Match) -> Call:
        """The call with its caller; Refused for a bad signature or a suspended user."""
        if where.route and where.route.atomic and request.length <= MAX_SMALL_BODY:
            request = replace(
                request, stream=io.BytesIO(request.stream.read(request.length) if request.length else b"")
            )
        signed = (
            None
            if where.scope is Scope.MON
            else sigv4.verify(request, lambda key: users.secret_of(self.store, key))
        )
        user = users.user_of_key(self.store, signed.access_key) if signed else None
        if user and user.suspended:
            raise Refused("UserSuspended")
        lists = bool(where.route and where.route.lists)
        store = self.control.listing_store() if lists else self.store
        return Call(store, self.shape, request, signed, user, where.bucket, where.key)

    def _handled(self, call: Call, where: Match) -> Answer:
        if where.route is None:
            raise Refused("MethodNotAllowed")
        if not where.route.atomic:
            return where.route.handler(call)
        with call.store.transaction():
            return where.route.handler(call)

    def _sent(self, answer: Answer, request: Request, start_response: StartResponse) -> Iterable[bytes]:
        headers = {"x-amz-request-id": f"tx{secrets.token_hex(10)}-simulated", **answer.headers}
        named = {name.lower() for name in headers}
        if isinstance(answer.body, bytes) and "content-length" not in named and answer.status not in (204, 304):
            headers["Content-Length"] = str(len(answer.body))
        start_response(f"{answer.status} {responses.get(answer.status, 'Unknown')}", list(headers.items()))
        if request.method == "HEAD":
            return []
        return [answer.body] if isinstance(answer.body, bytes) else answer.body


def _error(refusal: Refused, where: Match, *, signed: bool) -> Answer:
    """XML for S3, JSON for Admin Ops; the bucket is named where its short name was used, or nobody signed."""
    if where.scope in (Scope.ADMIN, Scope.MON):
        return spoiled.json_error(refusal.status, refusal.code, refusal.message)
    parts = [tag("Code", refusal.code), tag("Message", refusal.message)]
    if where.bucket and (not signed or ":" not in where.bucket):
        parts.append(tag("BucketName", where.bucket.rpartition(":")[2]))
    parts += [tag("RequestId", "tx-simulated"), tag("HostId", "simulated")]
    body = document("Error", parts, namespace=False)
    return Answer(refusal.status, body, {"Content-Type": "application/xml", "Accept-Ranges": "bytes"})


def _drain(request: Request) -> None:
    """Read what the client still sends, or it sees a reset instead of the refusal."""
    left = MAX_DRAINED
    while left > 0 and (block := request.stream.read(1 << 16)):
        left -= len(block)


def _claimed_key(request: Request) -> str:
    """The access key that the caller says it is, for the log; not yet verified."""
    credential = request.query.get("X-Amz-Credential", "")
    _, found, rest = request.headers.get("authorization", "").partition("Credential=")
    return (rest if found else credential).partition("/")[0]


def _kill(pid: int) -> None:
    """The harness names its own worker; never this process or init."""
    if pid > 1 and pid != os.getpid():
        os.kill(pid, signal.SIGKILL)
