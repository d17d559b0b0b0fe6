"""Who may what where: ACL along the path, groups, propagation, pools, and tokens of separated privilege."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.proxmox.errors import forbidden
from lab.proxmox.privileges import BUILT_IN, PRIVILEGES
from lab.proxmox.state import State

ROOT = "root@pam"
# Whether an ACL entry of that id and kind is about the one who asks.
Concerns = Callable[[str, str], bool]
# Paths that `access/permissions` looks at whether or not anything is granted there.
TOP_PATHS = ("/", "/access", "/access/groups", "/mapping", "/nodes", "/pool", "/sdn", "/storage", "/vms")


@dataclass(frozen=True)
class Who:
    """A user, or one of its tokens by name."""

    user: str
    token: str = ""

    @property
    def authid(self) -> str:
        return f"{self.user}!{self.token}" if self.token else self.user

    @property
    def is_root(self) -> bool:
        """Root by ticket: no token of root's counts where the real API asks for root himself."""
        return self.user == ROOT and not self.token


def who_is(authid: str) -> Who:
    user, _, token = authid.partition("!")
    return Who(user, token)


def privileges(state: State, who: Who, path: str) -> dict[str, int]:
    """Privilege to whether it holds below too; a separated token has what both it and its user have."""
    if who.is_root:
        return dict.fromkeys(PRIVILEGES, 1)
    if not who.token:
        return _of_user(state, who.user, path)
    mine = dict.fromkeys(PRIVILEGES, 1) if who.user == ROOT else _of_user(state, who.user, path)
    token = state["tokens"].get(who.authid) or {}
    if not token.get("privsep", 1):
        return mine
    own = _with_pools(state, path, lambda ugid, kind: kind == "token" and ugid == who.authid)
    return {name: own[name] & mine[name] for name in own.keys() & mine.keys()}


def check(state: State, who: Who, path: str, wanted: tuple[str, ...] | list[str], *, any_of: bool = False) -> None:
    """Refused 403 naming the path and what is missing there."""
    have = privileges(state, who, path)
    if any_of:
        if not any(name in have for name in wanted):
            raise forbidden(f"{path}, {'|'.join(wanted)}")
        return
    for name in wanted:
        if name not in have:
            raise forbidden(f"{path}, {name}")


def may(state: State, who: Who, path: str, *wanted: str) -> bool:
    """Any of them."""
    have = privileges(state, who, path)
    return any(name in have for name in wanted)


def effective(state: State, who: Who) -> dict[str, dict[str, int]]:
    """Every path where something is granted; what `access/permissions` shows."""
    paths = {*TOP_PATHS, *(entry["path"] for entry in state["acl"].values())}
    for pool in state["pools"].values():
        paths |= {f"/vms/{vmid}" for vmid in pool["vms"]} | {f"/storage/{name}" for name in pool["storage"]}
    found = {path: privileges(state, who, path) for path in sorted(paths)}
    return {path: held for path, held in found.items() if held}


def _of_user(state: State, user: str, path: str) -> dict[str, int]:
    groups = {name for name, group in state["groups"].items() if user in group["users"]}

    def concerns(ugid: str, kind: str) -> bool:
        return (kind == "user" and ugid == user) or (kind == "group" and ugid in groups)

    return _with_pools(state, path, concerns)


def _with_pools(state: State, path: str, concerns: Concerns) -> dict[str, int]:
    """What is granted on the path, and on the pool that it is in."""
    held = _resolved(state, path, concerns)
    for pool in _pools(state, path):
        held = {**_resolved(state, f"/pool/{pool}", concerns), **held}
    return held


def _pools(state: State, path: str) -> list[str]:
    """Those whose grants count on this guest or storage too."""
    for prefix, members in (("/vms/", "vms"), ("/storage/", "storage")):
        if path.startswith(prefix):
            name = path.removeprefix(prefix)
            return [pool for pool, held in state["pools"].items() if name in held[members]]
    return []


def _resolved(state: State, path: str, concerns: Concerns) -> dict[str, int]:
    """The deepest place that says anything decides; a user's own entry there beats those of its groups."""
    roles: dict[str, int] = {}
    for place in _places(path):
        here = [entry for entry in state["acl"].values() if entry["path"] == place]
        here = [entry for entry in here if concerns(entry["ugid"], entry["type"])]
        here = [entry for entry in here if entry["propagate"] or place == path]
        own = [entry for entry in here if entry["type"] != "group"]
        if own or here:
            roles = {entry["roleid"]: entry["propagate"] for entry in (own or here)}
    if "NoAccess" in roles:
        return {}
    found: dict[str, int] = {}
    for role, propagate in roles.items():
        for name in role_privileges(state, role):
            found[name] = max(found.get(name, 0), propagate)
    return found


def _places(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part]
    return ["/", *("/" + "/".join(parts[: end + 1]) for end in range(len(parts)))]


def role_privileges(state: State, role: str) -> frozenset[str]:
    if role in BUILT_IN:
        return BUILT_IN[role]
    return frozenset(state["roles"].get(role, {}).get("privs", ()))
