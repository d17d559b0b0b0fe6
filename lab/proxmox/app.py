"""The WSGI application: one call from its first byte to its last.

1. What is due happens to the tasks. 2. The call is found, its caller known, the permission and the parameters
checked against the schema. 3. A call that changes a guest by itself waits for the guest's lock file. 4. The
function works; what it refuses half way is undone. 5. The answer is checked against the schema. 6. It goes out,
after the delay that the real API would take.
"""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from lab.proxmox import answers, checking, identity
from lab.proxmox.control import Control
from lab.proxmox.errors import INVALID, Refused, died
from lab.proxmox.product import Product
from lab.proxmox.web import Environ, Request, request_from
from lab.proxmox.world import Answer, Call

StartResponse = Callable[..., Any]
API = "/api2/json"


class Emulator:
    """Both products behind their ports; `products` by port, any other port is the first's."""

    def __init__(self, products: dict[int, Product], control: Control) -> None:
        self._products = products
        self._control = control
        self.lock = threading.RLock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            request = request_from(environ)
            if request.path == "/control" or request.path.startswith("/control/"):
                with self.lock:
                    return _json(start_response, *self._control.answer(request))
            product = self._products.get(request.port) or next(iter(self._products.values()))
            answer = self._answered(product, request)
        except Refused as refused:
            return _refusal(start_response, refused)
        if answer.stream is not None:
            # No length is said, as the real one says none: where it breaks off the last piece does not come.
            start_response("200 OK", [("Content-Type", "application/octet-stream")])
            return answer.stream
        return _json(start_response, 200, "OK", {"data": answer.data, **answer.more})

    def _answered(self, product: Product, request: Request) -> Answer:
        clock = product.world.clock
        try:
            self._control.strike(request)
            answer = self._worked(product, request)
            self._control.strike(request, after=True)
        except Refused as refused:
            if refused.after_s:
                clock.wait_until(clock.now() + clock.span(refused.after_s))
            raise
        if answer.after_s:
            clock.wait_until(clock.now() + clock.span(answer.after_s))
        return answer

    def _worked(self, product: Product, request: Request) -> Answer:
        world = product.world
        with self.lock:
            _settle(product)
            call, name = _prepared(product, request)
            locked = product.locking(name)
            wait = world.tasks.lock_wait(call.text("vmid")) if locked else None
        if wait is not None:
            world.clock.wait_until(wait.until)
            if wait.text:
                raise died(wait.text)
        with self.lock:
            _settle(product)
            before = "" if request.method == "GET" else world.state.snapshot()
            try:
                made = product.routes[name](call)
            except Exception:
                if before:
                    world.state.restore(before)
                raise
            # Work that takes no time is done before the answer is.
            _settle(product)
            if before:
                world.state.save()
        answer = made if isinstance(made, Answer) else Answer(made)
        if answer.stream is None:
            _check(product, request, answer)
        return answer


def _settle(product: Product) -> None:
    if product.world.tasks.settle(product.world):
        product.world.state.save()


def _prepared(product: Product, request: Request) -> tuple[Call, tuple[str, str]]:
    """The call with its caller and parameters; Refused for whom or what the real API refuses at its gate."""
    path = request.path.removeprefix(API)
    if path == request.path:
        raise Refused(404, "no such file", bare=True)
    world = product.world
    who = identity.caller(world.state, product.name, request, world.clock.now())
    found = product.tree.find(path)
    method = product.schema.find(request.method, path) if product.schema else None
    if product.schema and method is None:
        raise Refused(501, f"Method '{request.method} {path}' not implemented")
    name = (request.method, found.template if found else "")
    if name not in product.routes:
        raise Refused(501, f"Method '{request.method} {path}' is not in the emulator")
    given, in_path = dict(request.given), dict(found.in_path if found else {})
    if method:
        product.allow(world.state, method, who, given)
        _known_node(product, in_path)
        given = checking.checked(method, given)
    elif who is None and name not in product.public:
        raise Refused(401, "No ticket", bare=True, after_s=identity.PENALTY_S)
    return Call(world, request, who, given, in_path), name


def _known_node(product: Product, in_path: dict[str, str]) -> None:
    """One that is off is answered for by whichever node was asked: it found no way there."""
    node = in_path.get("node")
    if node is None or node == "localhost":
        return
    known = product.world.state["nodes"].get(node)
    if known is not None and not known.get("offline"):
        return
    if known is not None:
        raise Refused(595, "No route to host", bare=True)
    text = f"failed to get address info for: {node}: Temporary failure in name resolution"
    raise died(f"hostname lookup '{node}' failed - {text}")


def _check(product: Product, request: Request, answer: Answer) -> None:
    method = product.schema.find(request.method, request.path.removeprefix(API)) if product.schema else None
    if method is None or (request.method, method.template) in product.gives_more:
        return
    wrong = answers.faults(method.returns, answer.data)
    if wrong:
        raise Refused(500, f"the emulator's own fault: {'; '.join(wrong[:5])}")


def _refusal(start_response: StartResponse, refused: Refused) -> Iterable[bytes]:
    reason = refused.text.strip().split("\n")[0]
    if refused.bare:
        start_response(f"{refused.status} {reason}", [("Content-Length", "0")])
        return [b""]
    content: dict[str, Any] = {"data": None, "message": f"{refused.text}\n"}
    if refused.text == INVALID:
        content["errors"] = refused.errors
    return _json(start_response, refused.status, reason, content)


def _json(start_response: StartResponse, status: int, reason: str, content: object) -> Iterable[bytes]:
    body = json.dumps(content, separators=(",", ":")).encode()
    headers = [("Content-Type", "application/json;charset=UTF-8"), ("Content-Length", str(len(body)))]
    start_response(f"{status} {reason}", headers)
    return [body]
