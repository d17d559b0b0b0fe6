"""Users, groups and API tokens."""

import secrets
import uuid
from collections.abc import Callable

from lab.proxmox import permissions
from lab.proxmox.errors import died, invalid
from lab.proxmox.identity import hashed
from lab.proxmox.permissions import ROOT
from lab.proxmox.state import Data
from lab.proxmox.world import Call

SHOWN = ("comment", "email", "enable", "expire", "firstname", "lastname", "keys")
REALMS = ("pam", "pve")


def list_users(call: Call) -> list[Data]:
    """Those that the caller may see: all with `User.Modify` or `Sys.Audit` on the groups, oneself always."""
    everyone = permissions.may(call.state, call.caller, "/access/groups", "User.Modify", "Sys.Audit")
    shown = []
    for userid, user in sorted(call.state["users"].items()):
        if not everyone and userid != call.caller.user:
            continue
        if call.has("enabled") and call.flag("enabled") is not bool(user.get("enable", 1)):
            continue
        entry = {"userid": userid, "realm-type": userid.rpartition("@")[2], **_shown(user)}
        if call.flag("full"):
            entry["groups"] = ",".join(_groups(call, userid))
            entry["tokens"] = [{"tokenid": name, **_token_shown(token)} for name, token in _tokens(call, userid)]
        shown.append(entry)
    return shown


def get_user(call: Call) -> Data:
    userid = call.text("userid")
    tokens = {name: _token_shown(token) for name, token in _tokens(call, userid)}
    return {**_shown(_user(call, userid)), "groups": _groups(call, userid), "tokens": tokens}


def create_user(call: Call) -> None:
    userid = call.text("userid")
    if userid in call.state["users"]:
        raise died(f"create user failed: user '{userid}' already exists")
    if userid.rpartition("@")[2] not in REALMS:
        raise died(f"create user failed: domain '{userid.rpartition('@')[2]}' does not exist")
    call.state["users"][userid] = {"enable": 1, "expire": 0}
    _apply(call, userid, "create")


def update_user(call: Call) -> None:
    _user(call, call.text("userid"))
    _apply(call, call.text("userid"), "update")


def _apply(call: Call, userid: str, act: str) -> None:
    user = call.state["users"][userid]
    for name in SHOWN:
        if call.has(name):
            user[name] = call.whole(name) if name in ("enable", "expire") else call.text(name)
    if call.has("password"):
        user["password"] = hashed(call.text("password"))
    if not call.has("groups"):
        return
    for name in call.many("groups"):
        if name not in call.state["groups"]:
            raise died(f"{act} user failed: no such group '{name}'")
    for name, group in call.state["groups"].items():
        stays = name in call.many("groups") or (
            act == "update" and call.flag("append") and userid in group["users"]
        )
        group["users"] = [one for one in group["users"] if one != userid] + ([userid] if stays else [])


def delete_user(call: Call) -> None:
    """With its tokens, its place in groups and every grant to it."""
    userid = call.text("userid")
    _user(call, userid)
    if userid == ROOT:
        raise died("delete user failed: 'root@pam' is the super user and cannot be removed")
    del call.state["users"][userid]
    for group in call.state["groups"].values():
        group["users"] = [one for one in group["users"] if one != userid]
    for name, _ in _tokens(call, userid):
        del call.state["tokens"][f"{userid}!{name}"]
    _forget_grants(call, lambda ugid: ugid == userid or ugid.startswith(f"{userid}!"))


def list_groups(call: Call) -> list[Data]:
    return [
        {"groupid": name, "users": ",".join(group["users"]), **_commented(group)}
        for name, group in sorted(call.state["groups"].items())
        if permissions.may(
            call.state, call.caller, f"/access/groups/{name}", "User.Modify", "Sys.Audit", "Group.Allocate"
        )
    ]


def get_group(call: Call) -> Data:
    group = _group(call)
    return {"members": group["users"], **_commented(group)}


def create_group(call: Call) -> None:
    name = call.text("groupid")
    if name in call.state["groups"]:
        raise died(f"create group failed: group '{name}' already exists")
    call.state["groups"][name] = {"users": [], "comment": call.text("comment")}


def update_group(call: Call) -> None:
    _group(call)["comment"] = call.text("comment")


def delete_group(call: Call) -> None:
    name = call.text("groupid")
    if name not in call.state["groups"]:
        raise died(f"delete group failed: group '{name}' does not exist")
    del call.state["groups"][name]
    _forget_grants(call, lambda ugid: ugid == name)


def list_tokens(call: Call) -> list[Data]:
    userid = call.text("userid")
    _user(call, userid)
    return [{"tokenid": name, **_token_shown(token)} for name, token in _tokens(call, userid)]


def get_token(call: Call) -> Data:
    return _token_shown(_token(call))


def create_token(call: Call) -> Data:
    """The value is shown this once; the real API gives back what it was asked with, as text."""
    userid, name = call.text("userid"), call.text("tokenid")
    if userid not in call.state["users"]:
        raise died(f"no such user ('{userid}')")
    authid = f"{userid}!{name}"
    if authid in call.state["tokens"]:
        raise invalid(tokenid="Token already exists.")
    token: Data = {"privsep": int(call.flag("privsep", True)), "expire": call.whole("expire"), "secret": _value()}
    if call.has("comment"):
        token["comment"] = call.text("comment")
    call.state["tokens"][authid] = token
    info = {"privsep": str(token["privsep"])}
    info |= {key: call.text(key) for key in ("comment", "expire") if call.has(key)}
    return {"full-tokenid": authid, "value": token["secret"], "info": info}


def update_token(call: Call) -> Data:
    token = _token(call)
    for name in ("privsep", "expire"):
        if call.has(name):
            token[name] = int(call.flag(name)) if name == "privsep" else call.whole(name)
    if call.has("comment"):
        token["comment"] = call.text("comment")
    return _token_shown(token)


def delete_token(call: Call) -> None:
    _token(call)
    authid = f"{call.text('userid')}!{call.text('tokenid')}"
    del call.state["tokens"][authid]
    _forget_grants(call, lambda ugid: ugid == authid)


def _value() -> str:
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def _user(call: Call, userid: str) -> Data:
    found: Data | None = call.state["users"].get(userid)
    if found is None:
        raise died(f"no such user ('{userid}')")
    return found


def _group(call: Call) -> Data:
    found: Data | None = call.state["groups"].get(call.text("groupid"))
    if found is None:
        raise died(f"group '{call.text('groupid')}' does not exist")
    return found


def _token(call: Call) -> Data:
    userid, name = call.text("userid"), call.text("tokenid")
    _user(call, userid)
    found: Data | None = call.state["tokens"].get(f"{userid}!{name}")
    if found is None:
        raise died(f"no such token '{name}' for user '{userid}'")
    return found


def _tokens(call: Call, userid: str) -> list[tuple[str, Data]]:
    mine = [authid for authid in sorted(call.state["tokens"]) if authid.startswith(f"{userid}!")]
    return [(authid.partition("!")[2], call.state["tokens"][authid]) for authid in mine]


def _groups(call: Call, userid: str) -> list[str]:
    return [name for name, group in call.state["groups"].items() if userid in group["users"]]


def _shown(user: Data) -> Data:
    return {name: user[name] for name in SHOWN if name in user}


def _token_shown(token: Data) -> Data:
    return {"privsep": token["privsep"], "expire": token.get("expire", 0), **_commented(token)}


def _commented(thing: Data) -> Data:
    return {"comment": thing["comment"]} if thing.get("comment") else {}


def _forget_grants(call: Call, gone: Callable[[str], bool]) -> None:
    for key in [key for key, entry in call.state["acl"].items() if gone(entry["ugid"])]:
        del call.state["acl"][key]
