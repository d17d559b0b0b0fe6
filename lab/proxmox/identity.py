"""Who is calling: tickets with their CSRF token, API tokens. What is wrong is a bare 401 after three seconds."""

import hashlib
import hmac
import secrets

from lab.proxmox.errors import Refused
from lab.proxmox.permissions import ROOT, Who, who_is
from lab.proxmox.state import State
from lab.proxmox.web import Request

# The real API slows down who guesses.
PENALTY_S = 3.0
# A ticket lives two hours, seconds.
LIFETIME_S = 7200


def furnish(state: State, root_password: str) -> None:
    """The key that signs tickets, and root."""
    state["secrets"].setdefault("key", secrets.token_hex(32))
    state["users"].setdefault(ROOT, {"enable": 1, "expire": 0, "password": hashed(root_password)})


def hashed(password: str) -> str:
    """Of a lab's password, in a file that only its owner reads; salted, because two people may have the same."""
    salt = secrets.token_hex(8)
    return f"{salt}:{hashlib.sha256(f'{salt}{password}'.encode()).hexdigest()}"


def password_fits(kept: str, password: str) -> bool:
    salt, _, digest = kept.partition(":")
    return bool(kept) and hmac.compare_digest(digest, hashlib.sha256(f"{salt}{password}".encode()).hexdigest())


def ticket_for(state: State, product: str, user: str, now: float) -> str:
    plain = f"{product}:{user}:{int(now):08X}"
    return f"{plain}::{_signed(state, plain)}"


def csrf_for(state: State, user: str, now: float) -> str:
    stamp = f"{int(now):08X}"
    return f"{stamp}:{_signed(state, f'csrf:{user}:{stamp}')}"


def ticket_user(state: State, ticket: str, now: float) -> str:
    """Whose it is; empty for one that is forged or too old."""
    plain, _, signature = ticket.partition("::")
    if not hmac.compare_digest(signature, _signed(state, plain)):
        return ""
    _, user, stamp = plain.split(":")
    return user if now - int(stamp, 16) < LIFETIME_S else ""


def caller(state: State, product: str, request: Request, now: float) -> Who | None:
    """None without credentials; Refused 401 for wrong ones."""
    authorization = request.headers.get("authorization", "")
    prefix = f"{product}APIToken"
    if authorization.startswith((f"{prefix}=", f"{prefix} ")):
        return _by_token(state, authorization[len(prefix) + 1 :], ":" if product == "PBS" else "=", now)
    ticket = request.cookies.get(f"{product}AuthCookie")
    if ticket is None:
        return None
    user = ticket_user(state, ticket, now)
    if not user or not active(state, user, now):
        raise _penalty("permission denied - invalid PVE ticket" if product == "PVE" else "authentication failed")
    if request.method != "GET" and not _csrf_fits(state, user, request.headers.get("csrfpreventiontoken", "")):
        raise _penalty("Permission denied - invalid csrf token")
    return Who(user)


def _by_token(state: State, given: str, separator: str, now: float) -> Who:
    authid, _, secret = given.partition(separator)
    token = state["tokens"].get(authid)
    who = who_is(authid)
    if not token or not active(state, who.user, now) or not hmac.compare_digest(token["secret"], secret):
        raise _penalty("Authentication failed!")
    if (token.get("expire") and token["expire"] <= now) or not token.get("enable", 1):
        raise _penalty("Authentication failed!")
    return who


def active(state: State, user: str, now: float) -> bool:
    found = state["users"].get(user)
    return bool(found and found.get("enable", 1) and not 0 < found.get("expire", 0) <= now)


def _csrf_fits(state: State, user: str, given: str) -> bool:
    stamp, _, signature = given.partition(":")
    return hmac.compare_digest(signature, _signed(state, f"csrf:{user}:{stamp}"))


def _signed(state: State, text: str) -> str:
    return hmac.new(state["secrets"]["key"].encode(), text.encode(), hashlib.sha256).hexdigest()


def _penalty(text: str) -> Refused:
    return Refused(401, text, bare=True, after_s=PENALTY_S)
