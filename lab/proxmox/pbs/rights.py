"""Backup Server's privileges, roles, and how both resolve along a path; a token has no more than its user."""

from lab.proxmox.errors import Refused
from lab.proxmox.permissions import ROOT, Who
from lab.proxmox.schema import Data, Method
from lab.proxmox.state import State

_DATASTORE = frozenset({
    "Datastore.Audit", "Datastore.Backup", "Datastore.Modify", "Datastore.Prune", "Datastore.Read",
    "Datastore.Verify",
})  # fmt: skip
_REMOTE = frozenset({"Remote.Audit", "Remote.Modify", "Remote.Read"})
_PUSHED = frozenset({"RemoteDatastore.Backup", "RemoteDatastore.Modify", "RemoteDatastore.Prune"})
_TAPE = frozenset({"Tape.Audit", "Tape.Modify", "Tape.Read", "Tape.Write"})
_SYSTEM = frozenset({"Sys.Audit", "Sys.Modify", "Sys.Console", "Sys.PowerManagement", "Realm.Allocate"})
ALL = _DATASTORE | _REMOTE | _PUSHED | _TAPE | _SYSTEM | {"Permissions.Modify", "Datastore.Allocate"}

ROLES: dict[str, frozenset[str]] = {
    "Admin": ALL,
    "Audit": frozenset({"Sys.Audit", "Datastore.Audit"}),
    "NoAccess": frozenset(),
    "DatastoreAdmin": _DATASTORE,
    "DatastoreReader": frozenset({"Datastore.Audit", "Datastore.Read"}),
    "DatastoreBackup": frozenset({"Datastore.Backup"}),
    "DatastorePowerUser": frozenset({"Datastore.Backup", "Datastore.Prune"}),
    "DatastoreAudit": frozenset({"Datastore.Audit"}),
    "RemoteAudit": frozenset({"Remote.Audit"}),
    "RemoteAdmin": _REMOTE,
    "RemoteSyncOperator": frozenset({"Remote.Audit", "Remote.Read"}),
    "RemoteSyncPushOperator": frozenset({"Remote.Audit", "RemoteDatastore.Backup"}),
    "RemoteDatastorePowerUser": frozenset({"RemoteDatastore.Backup", "RemoteDatastore.Prune"}),
    "RemoteDatastoreAdmin": _PUSHED,
    "TapeAudit": frozenset({"Tape.Audit"}),
    "TapeAdmin": _TAPE,
    "TapeOperator": frozenset({"Tape.Audit", "Tape.Read", "Tape.Write"}),
    "TapeReader": frozenset({"Tape.Audit", "Tape.Read"}),
}


def held(state: State, who: Who, path: str) -> frozenset[str]:
    """The deepest place that says anything about somebody decides; a token's are cut by its user's."""
    if who.user == ROOT and not who.token:
        return ALL
    mine = _resolved(state, who.user, path) if who.user != ROOT else ALL
    return mine & _resolved(state, who.authid, path) if who.token else mine


def _resolved(state: State, authid: str, path: str) -> frozenset[str]:
    roles: set[str] = set()
    parts = [part for part in path.split("/") if part]
    for depth in range(len(parts) + 1):
        place = "/" + "/".join(parts[:depth])
        here = [entry for entry in state["acl"].values() if entry["path"] == place and entry["ugid"] == authid]
        found = {entry["roleid"] for entry in here if entry["propagate"] or depth == len(parts)}
        roles = found or roles
    if "NoAccess" in roles:
        return frozenset()
    return frozenset().union(*(ROLES[role] for role in roles))


def need(state: State, who: Who, path: str, *any_of: str) -> None:
    if not held(state, who, path) & set(any_of):
        raise Refused(403, f"permission check failed - missing {'|'.join(any_of)} on {path}")


def check(state: State, method: Method, who: Who | None, given: Data) -> None:
    """The permission that the schema names; what it says in prose the call checks itself."""
    named = method.permissions
    if named.get("user") == "world":
        return
    if who is None:
        raise Refused(
            401, "authentication failed - no authentication credentials provided.", bare=True, after_s=3.0
        )
    expression = {key: value for key, value in named.items() if key in ("check", "and", "or", "userParam")}
    if not named and who.authid != ROOT:
        raise Refused(403, "permission check failed")
    if expression and not _holds(state, who, expression, {**given, **method.in_path}):
        raise Refused(403, "permission check failed")


def _holds(state: State, who: Who, expression: Data, given: Data) -> bool:
    if "and" in expression:
        return all(_holds(state, who, one, given) for one in expression["and"])
    if "or" in expression:
        return any(_holds(state, who, one, given) for one in expression["or"])
    if "userParam" in expression:
        return who.user == given.get(expression["userParam"])
    if "check" not in expression:
        return True
    asked = expression["check"]
    path = "/" + "/".join(_filled(part, given) for part in asked["path"])
    have = held(state, who, path) & set(asked["privs"])
    return bool(have) if asked.get("partial") else have == set(asked["privs"])


def _filled(part: str, given: Data) -> str:
    return str(given.get(part.strip("{}"), "")) if part.startswith("{") else part
