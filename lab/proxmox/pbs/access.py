"""Users, tokens, grants and tickets of the Backup Server."""

import secrets
import uuid
from collections.abc import Callable

from lab.proxmox import identity
from lab.proxmox.errors import Refused
from lab.proxmox.pbs.rights import ROLES, held, need
from lab.proxmox.permissions import ROOT, who_is
from lab.proxmox.state import Data
from lab.proxmox.world import Call

SHOWN = ("comment", "email", "enable", "expire", "firstname", "lastname")
NUMBERS = ("enable", "expire")


def version(call: Call) -> Data:
    return {"version": "4.0", "release": "1", "repoid": "emulated"}


def create_ticket(call: Call) -> Data:
    user, now = call.text("username"), call.world.clock.now()
    kept = call.state["users"].get(user, {}).get("password", "")
    if not identity.password_fits(kept, call.text("password")) or not identity.active(call.state, user, now):
        raise Refused(401, "permission check failed.", after_s=identity.PENALTY_S)
    ticket = identity.ticket_for(call.state, "PBS", user, now)
    return {"username": user, "ticket": ticket, "CSRFPreventionToken": identity.csrf_for(call.state, user, now)}


def list_users(call: Call) -> list[Data]:
    every = "Sys.Audit" in held(call.state, call.caller, "/access/users")
    mine = [name for name in sorted(call.state["users"]) if every or name == call.caller.user]
    tokens = call.flag("include_tokens")
    return [{**_user(call, name), **({"tokens": _tokens(call, name)} if tokens else {})} for name in mine]


def get_user(call: Call) -> Data:
    return _user(call, call.text("userid"))


def _user(call: Call, name: str) -> Data:
    found = call.state["users"].get(name)
    if found is None:
        raise missing(f"user '{name}'")
    return {"userid": name, **{key: found[key] for key in SHOWN if key in found}}


def create_user(call: Call) -> None:
    name = call.text("userid")
    if name in call.state["users"]:
        raise exists("userid", f"user '{name}'")
    if name.rpartition("@")[2] not in ("pam", "pbs"):
        raise Refused(400, f"unknown realm '{name.rpartition('@')[2]}'")
    call.state["users"][name] = {"enable": 1}
    _apply(call, call.state["users"][name])


def update_user(call: Call) -> None:
    _user(call, call.text("userid"))
    _apply(call, call.state["users"][call.text("userid")])


def _apply(call: Call, thing: Data) -> None:
    for name in call.many("delete"):
        thing.pop(name, None)
    for name in SHOWN:
        if call.has(name):
            thing[name] = call.given[name]
    if call.has("password"):
        thing["password"] = identity.hashed(call.text("password"))


def delete_user(call: Call) -> None:
    """With its tokens and every grant to either."""
    name = call.text("userid")
    _user(call, name)
    if name == ROOT:
        raise Refused(400, "the superuser cannot be removed")
    del call.state["users"][name]
    for authid in [one for one in call.state["tokens"] if one.startswith(f"{name}!")]:
        del call.state["tokens"][authid]
    _forget(call, lambda ugid: ugid == name or ugid.startswith(f"{name}!"))


def change_password(call: Call) -> None:
    name = call.text("userid")
    if call.caller.token:
        raise Refused(403, "permission check failed - tokens cannot change passwords")
    if call.caller.user != name:
        need(call.state, call.caller, "/access/users", "Permissions.Modify")
    _user(call, name)
    call.state["users"][name]["password"] = identity.hashed(call.text("password"))


def list_tokens(call: Call) -> list[Data]:
    _user(call, call.text("userid"))
    return [{**one, "token-name": one["tokenid"].partition("!")[2]} for one in _tokens(call, call.text("userid"))]


def _tokens(call: Call, user: str) -> list[Data]:
    mine = [authid for authid in sorted(call.state["tokens"]) if authid.startswith(f"{user}!")]
    return [_token_shown(call, authid) for authid in mine]


def _token_shown(call: Call, authid: str) -> Data:
    token = call.state["tokens"][authid]
    return {"tokenid": authid, **{name: token[name] for name in ("comment", "enable", "expire") if name in token}}


def get_token(call: Call) -> Data:
    return _token_shown(call, _authid(call))


def create_token(call: Call) -> Data:
    """The value is shown this once; without a grant of its own the token may nothing."""
    _user(call, call.text("userid"))
    authid = f"{call.text('userid')}!{call.text('token-name')}"
    if authid in call.state["tokens"]:
        raise exists("token-name", f"token '{call.text('token-name')}' for user '{call.text('userid')}'")
    token: Data = {"secret": _value(), "enable": 1, "privsep": 1}
    call.state["tokens"][authid] = token
    _apply(call, token)
    return {"tokenid": authid, "value": token["secret"]}


def update_token(call: Call) -> Data:
    token = call.state["tokens"][_authid(call)]
    _apply(call, token)
    if not call.flag("regenerate"):
        return {}
    token["secret"] = _value()
    return {"secret": token["secret"]}


def delete_token(call: Call) -> None:
    authid = _authid(call)
    del call.state["tokens"][authid]
    _forget(call, lambda ugid: ugid == authid)


def _authid(call: Call) -> str:
    authid = f"{call.text('userid')}!{call.text('token-name')}"
    if authid not in call.state["tokens"]:
        raise missing(f"token '{call.text('token-name')}' of user '{call.text('userid')}'")
    return authid


def _value() -> str:
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def list_roles(call: Call) -> list[Data]:
    return [{"roleid": name, "privs": sorted(privileges)} for name, privileges in ROLES.items()]


def list_acl(call: Call) -> list[Data]:
    """All for who may audit or modify them; one's own tokens' otherwise."""
    every = held(call.state, call.caller, "/access/acl") & {"Sys.Audit", "Permissions.Modify"}
    mine = [one for one in call.state["acl"].values() if every or one["ugid"].startswith(f"{call.caller.user}!")]
    path, exact = call.text("path"), call.flag("exact")
    return [one for one in mine if not path or one["path"] == path or (not exact and _below(path, one["path"]))]


def _below(path: str, other: str) -> bool:
    return other.startswith(f"{path.rstrip('/')}/")


def update_acl(call: Call) -> None:
    """The user and each of its tokens need a grant of their own."""
    authid, role = call.text("auth-id"), call.text("role")
    if not authid:
        raise Refused(400, "missing 'userid' or 'group' parameter.")
    own_token = who_is(authid).token and who_is(authid).user == call.caller.user
    if not own_token:
        need(call.state, call.caller, "/access/acl", "Permissions.Modify")
    if authid not in (call.state["tokens"] if who_is(authid).token else call.state["users"]):
        raise Refused(400, f"no such {'API token' if who_is(authid).token else 'user'}.")
    path = "/" + call.text("path").strip("/")
    key = f"{path} {authid} {role}"
    if call.flag("delete"):
        call.state["acl"].pop(key, None)
        return
    entry = {"path": path, "ugid": authid, "ugid_type": "user", "roleid": role}
    call.state["acl"][key] = {**entry, "propagate": int(call.flag("propagate", True))}


def get_permissions(call: Call) -> Data:
    named = call.text("auth-id") or call.caller.authid
    if who_is(named).user != call.caller.user:
        need(call.state, call.caller, "/access", "Sys.Audit")
    paths = [call.text("path")] if call.has("path") else sorted({one["path"] for one in call.state["acl"].values()})
    found = {path: held(call.state, who_is(named), path) for path in paths or ["/"]}
    return {path: dict.fromkeys(sorted(privileges), 1) for path, privileges in found.items() if privileges}


def _forget(call: Call, gone: Callable[[str], bool]) -> None:
    for key in [key for key, one in call.state["acl"].items() if gone(one["ugid"])]:
        del call.state["acl"][key]


def missing(what: str) -> Refused:
    return Refused(404, f"{what} does not exist.")


def exists(parameter: str, what: str) -> Refused:
    return Refused(400, f"parameter verification failed - '{parameter}': {what} already exists.")
