"""The cloud behind its port: a call's way from its path to its answer.

1. What is due is done. 2. The token is looked at. 3. The handler works, atomic ones in a transaction.
"""

import io
import json
from dataclasses import replace

from lab.simulated.openstack import errors, moments, routes, tokens
from lab.simulated.openstack.call import NOBODY, Call
from lab.simulated.openstack.routes import Found
from lab.simulated.shape import Shape
from lab.simulated.store import Store
from lab.simulated.web import Answer, Request


def answer(store: Store, looked_at: Store, shape: Shape, request: Request, found: Found | None) -> Answer:
    """`looked_at` is where the handler looks, the same store but for a listing that is made to lag behind."""
    if found is None:
        content = {
            "error": {"code": 501, "message": "This is not in the simulated cloud.", "title": "Not Implemented"}
        }
        return Answer(501, json.dumps(content).encode(), errors.JSON)
    if found.route.atomic:
        stream = io.BytesIO(request.stream.read(request.length) if request.length else b"")
        request = replace(request, stream=stream)
    root = f"http://{request.headers.get('host', '127.0.0.1')}"
    try:
        with store.transaction():
            moments.settle(store)
            caller = NOBODY if found.route.free else tokens.caller(store, request.headers.get("x-auth-token", ""))
        call = Call(looked_at, shape, request, caller, root, found.ids)
        if not found.route.atomic:
            return found.route.handler(call)
        with looked_at.transaction():
            return found.route.handler(call)
    except errors.Refused as refused:
        return refused.answer


def find(request: Request) -> Found | None:
    """Where it goes; None for what is not here."""
    return routes.find(request.method, request.path)
