"""Signing in, passwords, and what one may."""

from lab.proxmox import identity, permissions
from lab.proxmox.errors import Refused, died, forbidden, invalid
from lab.proxmox.permissions import Who, who_is
from lab.proxmox.privileges import CAPABILITIES
from lab.proxmox.state import Data
from lab.proxmox.world import Call


def create_ticket(call: Call) -> Data:
    """A ticket and its CSRF token, for a password or for a ticket that is still good."""
    user, password, now = call.text("username"), call.text("password"), call.world.clock.now()
    if "@" not in user:
        user = f"{user}@{call.text('realm', 'pam')}"
    kept = call.state["users"].get(user, {}).get("password", "")
    good = identity.password_fits(kept, password)
    if not good and password.startswith("PVE:"):
        good = identity.ticket_user(call.state, password, now) == user
    if not good or not identity.active(call.state, user, now):
        raise Refused(401, "authentication failure", after_s=identity.PENALTY_S)
    return {
        "username": user,
        "ticket": identity.ticket_for(call.state, "PVE", user, now),
        "CSRFPreventionToken": identity.csrf_for(call.state, user, now),
        "cap": _capabilities(call, Who(user)),
    }


def _capabilities(call: Call, who: Who) -> Data:
    """What a page may offer: of every path that has grants, by its first word; a pool's are its members'."""
    shown: Data = {name: {} for name in CAPABILITIES}
    for path, held in permissions.effective(call.state, who).items():
        for name in _concerned(path):
            shown[name] |= {privilege: 1 for privilege in held if privilege.startswith(CAPABILITIES[name])}
    return shown


def _concerned(path: str) -> tuple[str, ...]:
    first = path.split("/")[1] or "dc"
    return ("vms", "storage") if first == "pool" else (first,) if first in CAPABILITIES else ()


def change_password(call: Call) -> None:
    """Only with a ticket; somebody else's needs the rights on that user, never on root's."""
    if call.caller.token:
        raise forbidden("URI '/access/password' not available with API token, need proper ticket.\n")
    userid = call.text("userid")
    user = call.state["users"].get(userid)
    if user is None:
        raise died(f"no such user ('{userid}')")
    user["password"] = identity.hashed(call.text("password"))


def get_permissions(call: Call) -> Data:
    """Of the caller, or of `userid` for whom may audit; of one path or of all where something is granted."""
    caller, named = call.caller, call.text("userid")
    who = who_is(named) if named else caller
    own = who.user == caller.user and not (caller.token and who != caller)
    if not own:
        permissions.check(call.state, caller, "/access", ["Sys.Audit"])
    if who.user not in call.state["users"]:
        raise invalid(userid=f"no such user ('{who.user}')")
    if not call.has("path"):
        return dict(permissions.effective(call.state, who))
    path = call.text("path")
    return {path: permissions.privileges(call.state, who, path)}


def version(call: Call) -> Data:
    return {"version": "9.2.11", "release": "9.2", "repoid": "emulated"}
