"""Refusals: each service wraps the same few words in a way of its own."""

import html
import json

from lab.simulated.web import Answer

JSON = {"Content-Type": "application/json"}


class Refused(Exception):
    """The service says no; `answer` is what goes out."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.body!r}")
        self.answer = answer


TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}
# Nova's names for its refusals.
NOVA = {406: "computeFault", 400: "badRequest", 403: "forbidden", 404: "itemNotFound", 409: "conflictingRequest"}


def keystone(status: int, message: str) -> Refused:
    content = {"error": {"code": status, "message": message, "title": TITLES[status]}}
    return Refused(Answer(status, json.dumps(content).encode() + b"\n", JSON))


def unknown(what: str, id: str) -> Refused:
    """Keystone's 404."""
    return keystone(404, f"Could not find {what}: {id}.")


def signed_out() -> Refused:
    """Whoever asks is not believed; the services say it in Keystone's words."""
    return keystone(401, "The request you have made requires authentication.")


def neutron(status: int, type: str, message: str) -> Refused:
    content = {"NeutronError": {"type": type, "message": message, "detail": ""}}
    return Refused(Answer(status, json.dumps(content).encode(), JSON))


def nova(status: int, message: str) -> Refused:
    content = {NOVA[status]: {"code": status, "message": message}}
    return Refused(
        Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=UTF-8"})
    )


def glance(status: int, words: str) -> Refused:
    """A page, not JSON."""
    title = f"{status} {TITLES[status]}"
    body = f"<title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n  {html.escape(words)}<br /><br />"
    page = f"<html>\n <head>\n  {body}\n\n\n\n </body>\n</html>"
    return Refused(Answer(status, page.encode(), {"Content-Type": "text/html; charset=UTF-8"}))
