"""Roles, and which of them holds where for whom."""

import re

from lab.proxmox import permissions
from lab.proxmox.errors import died, invalid
from lab.proxmox.privileges import BUILT_IN, PRIVILEGES
from lab.proxmox.state import Data
from lab.proxmox.world import Call

# Where something can be granted at all.
PATHS = re.compile(
    r"/|/access|/access/groups(/[\w.\-]+)?|/access/realm(/[\w.\-]+)?|/nodes(/[\w.\-]+)?|/pool(/[\w.\-]+){0,3}"
    r"|/mapping(/(dir|hostpci|usb|notifications)(/[\w.\-]+)?)?|/storage(/[\w.\-]+)?|/vms(/\d+)?"
    r"|/sdn|/sdn/(zones|fabrics|controllers|dns|ipams|prefix-lists|route-maps)(/[\w.\-]+){0,3}"
)
KINDS = (("users", "user", "users"), ("groups", "group", "groups"), ("tokens", "token", "tokens"))


def list_roles(call: Call) -> list[Data]:
    own = [(name, role["privs"], 0) for name, role in sorted(call.state["roles"].items())]
    built_in = [(name, sorted(held), 1) for name, held in BUILT_IN.items()]
    return [{"roleid": name, "privs": ",".join(held), "special": special} for name, held, special in built_in + own]


def get_role(call: Call) -> Data:
    name = call.text("roleid")
    if name not in BUILT_IN and name not in call.state["roles"]:
        raise died(f"role '{name}' does not exist")
    return dict.fromkeys(permissions.role_privileges(call.state, name), 1)


def create_role(call: Call) -> None:
    name = call.text("roleid")
    if name in BUILT_IN or name in call.state["roles"]:
        raise died(f"create role failed: role '{name}' already exists")
    call.state["roles"][name] = {"privs": sorted(_privileges(call))}


def update_role(call: Call) -> None:
    role = _own_role(call, "update")
    before = role["privs"] if call.flag("append") else []
    role["privs"] = sorted({*before, *_privileges(call)})


def delete_role(call: Call) -> None:
    """With every grant of it."""
    _own_role(call, "delete")
    name = call.text("roleid")
    del call.state["roles"][name]
    for key in [key for key, entry in call.state["acl"].items() if entry["roleid"] == name]:
        del call.state["acl"][key]


def _own_role(call: Call, act: str) -> Data:
    name = call.text("roleid")
    if name in BUILT_IN:
        raise died(f"auto-generated role '{name}' cannot be {'modified' if act == 'update' else 'deleted'}")
    found: Data | None = call.state["roles"].get(name)
    if found is None:
        raise died(f"{act} role failed: role '{name}' does not exist")
    return found


def _privileges(call: Call) -> set[str]:
    wanted = set(call.many("privs"))
    for name in wanted - PRIVILEGES:
        raise invalid(privs=f"invalid format - invalid privilege '{name}'\n")
    return wanted


def list_acl(call: Call) -> list[Data]:
    """All for who may audit or modify permissions everywhere; the rest sees what he may change."""
    every = permissions.may(call.state, call.caller, "/access", "Sys.Audit", "Permissions.Modify")
    shown = [entry for entry in call.state["acl"].values() if every or _may_change(call, entry["path"])]
    path = call.text("path")
    return [
        {name: entry[name] for name in ("path", "type", "ugid", "roleid", "propagate")}
        for entry in sorted(shown, key=lambda entry: (entry["path"], entry["ugid"], entry["roleid"]))
        if not path or entry["path"] == path
    ]


def _may_change(call: Call, path: str) -> bool:
    return permissions.may(call.state, call.caller, path, "Permissions.Modify")


def update_acl(call: Call) -> None:
    """Grants, or with `delete` takes away, every role named to everyone named."""
    path = "/" + call.text("path").strip("/")
    if not PATHS.fullmatch(path):
        raise invalid(path=f"invalid ACL path '{path}'")
    if not any(call.has(parameter) for parameter, _, _ in KINDS):
        raise invalid(users="either 'users', 'groups' or 'tokens' is required.")
    for role in call.many("roles"):
        if role not in BUILT_IN and role not in call.state["roles"]:
            raise died(f"update ACL failed: role '{role}' does not exist")
        for parameter, kind, section in KINDS:
            for ugid in call.many(parameter):
                if ugid not in call.state[section]:
                    raise died(f"update ACL failed: {kind} '{ugid}' does not exist")
                _grant(call, path, kind, ugid, role)


def _grant(call: Call, path: str, kind: str, ugid: str, role: str) -> None:
    key = f"{path} {kind} {ugid} {role}"
    if call.flag("delete"):
        call.state["acl"].pop(key, None)
        return
    propagate = int(call.flag("propagate", True))
    entry = {"path": path, "type": kind, "ugid": ugid, "roleid": role, "propagate": propagate}
    call.state["acl"][key] = entry
