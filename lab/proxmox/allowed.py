"""The permission that the schema names for a call, in the words of both products' descriptions."""

import re
from typing import Any

from lab.proxmox import permissions
from lab.proxmox.errors import Refused, forbidden
from lab.proxmox.permissions import Who
from lab.proxmox.schema import Data, Method
from lab.proxmox.state import State


def check(state: State, method: Method, who: Who | None, given: Data) -> None:
    """Refused 401 or 403. Calls that describe their permission in prose check it themselves."""
    named = method.permissions
    if named.get("user") == "world":
        return
    if who is None:
        raise Refused(401, "No ticket", bare=True, after_s=3.0)
    if who.token and not method.token_allowed:
        raise forbidden_to_tokens(method.template)
    if not named and not who.is_root:
        raise forbidden("user != root@pam")
    expression = named.get("check")
    if expression:
        _hold(state, who, expression, {**given, **method.in_path})


def forbidden_to_tokens(path: str) -> Refused:
    return forbidden(f"URI '{path}' not available with API token, need proper ticket.\n")


def _hold(state: State, who: Who, expression: list[Any], given: Data) -> None:
    kind, *rest = expression
    if kind == "and":
        for one in rest:
            _hold(state, who, one, given)
    elif kind == "or":
        if not any(_holds(state, who, one, given) for one in rest):
            raise forbidden()
    elif kind == "perm":
        _perm(state, who, rest, given)
    elif kind == "userid-param":
        _userid_param(state, who, str(rest[0]), str(given.get("userid", "")))
    elif kind == "userid-group":
        _userid_group(state, who, rest, given)
    elif kind == "perm-modify":
        _perm_modify(state, who, str(given.get("path", "")))
    else:
        raise forbidden()


def _holds(state: State, who: Who, expression: list[Any], given: Data) -> bool:
    try:
        _hold(state, who, expression, given)
    except Refused:
        return False
    return True


def _perm(state: State, who: Who, rest: list[Any], given: Data) -> None:
    template, wanted, *more = rest
    options = dict(zip(more[::2], more[1::2], strict=True))
    needed = options.get("require_param")
    if needed and needed not in given:
        raise forbidden()
    path = re.sub(r"\{(\w+)\}", lambda found: str(given.get(found[1], "")), template)
    permissions.check(state, who, path, wanted, any_of=bool(options.get("any")))


def _userid_param(state: State, who: Who, wanted: str, userid: str) -> None:
    if wanted == "self":
        if who.user != userid:
            raise forbidden()
        return
    permissions.check(state, who, f"/access/realm/{userid.rpartition('@')[2]}", [wanted])


def _userid_group(state: State, who: Who, rest: list[Any], given: Data) -> None:
    """One of the privileges on any group of that user, or, at a creation, on every group named."""
    wanted, *more = rest
    userid = str(given.get("userid", ""))
    if permissions.may(state, who, "/access/groups", *wanted):
        return
    if more[:1] == ["groups_param"] and (
        named := [one for one in re.split(r"[,; ]", given.get("groups", "")) if one]
    ):
        for group in named:
            permissions.check(state, who, f"/access/groups/{group}", wanted, any_of=True)
        return
    mine = [name for name, group in state["groups"].items() if userid in group["users"]]
    if not any(permissions.may(state, who, f"/access/groups/{name}", *wanted) for name in mine):
        raise forbidden(f"/access/groups, {'|'.join(wanted)}")


def _perm_modify(state: State, who: Who, path: str) -> None:
    wanted = ["Permissions.Modify"]
    for prefix, privilege in (
        ("/storage/", "Datastore.Allocate"),
        ("/vms/", "VM.Allocate"),
        ("/pool/", "Pool.Allocate"),
    ):
        if path.startswith(prefix):
            wanted.append(privilege)
    permissions.check(state, who, path or "/access", wanted, any_of=True)
