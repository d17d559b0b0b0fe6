"""For whom a token speaks. A password is kept as a sum, and a token by its own."""

import hashlib

from lab.simulated.openstack import errors, things
from lab.simulated.openstack.call import Caller
from lab.simulated.store import Store


def sealed(text: str) -> str:
    """What is kept of a secret: nothing here is worth a slow sum, and none of it is worth reading."""
    return hashlib.sha256(text.encode()).hexdigest()


def caller(store: Store, token: str) -> Caller:
    """Refused 401 for a token that nobody gave, or that is void."""
    found = things.get(store, "token", sealed(token)) if token else None
    if found is None or found["until"] < things.now():
        raise errors.signed_out()
    return Caller(found["user"], found["project"], frozenset(found["roles"]), found["by"])


def void(store: Store, *users: str, by: str = "") -> None:
    """Every token of these; those alone that were had `by` that way, where it is said."""
    for token in things.every(store, "token"):
        if token["user"] in users and by in ("", token["by"]):
            things.remove(store, "token", token["id"])


def void_project(store: Store, project: str) -> None:
    for token in things.every(store, "token", project=project):
        things.remove(store, "token", token["id"])
