"""How one signs in: by a password or with an application credential, to one project; and the catalogue."""

import secrets
from collections.abc import Mapping
from typing import Any

from lab.simulated.openstack import errors, grants, things, tokens
from lab.simulated.openstack.call import Call, Caller, shown
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer

LASTS_S = 4 * 3600
REGION = "marche"
# The service types of the catalogue: name, and the path at the cloud's address.
SERVICES = {
    "identity": ("keystone", "/identity/v3"),
    "image": ("glance", "/image"),
    "network": ("neutron", "/network"),
    "compute": ("nova", "/compute/v2.1"),
}


def sign_in(call: Call) -> Answer:
    """A token for one project, with the catalogue."""
    auth = call.body("auth")
    identity = auth.get("identity") or {}
    (by,) = identity.get("methods") or [""]
    if by == "password":
        user, project, allowed = _by_password(call.store, identity["password"]["user"], auth.get("scope") or {})
    elif by == "application_credential":
        user, project, allowed = _by_credential(call.store, identity["application_credential"])
    else:
        raise errors.keystone(400, "Expecting to find a way to sign in that is known here.")
    domain = things.get(call.store, "domain", user["domain_id"])
    if not (user["enabled"] and domain and domain["enabled"] and project["enabled"]):
        raise errors.signed_out()
    roles = grants.names_on(call.store, user["id"], project["id"])
    roles = roles if allowed is None else roles & allowed
    if not roles:
        raise errors.signed_out()
    return _token(call, user, project, Caller(user["id"], project["id"], roles, by))


def _by_password(
    store: Store, given: Mapping[str, Any], scope: Mapping[str, Any]
) -> tuple[Thing, Thing, frozenset[str] | None]:
    user, project = _named(store, "user", given), _named(store, "project", scope.get("project") or {})
    if (
        not user
        or not project
        or not secrets.compare_digest(user["sealed"], tokens.sealed(given.get("password") or ""))
    ):
        raise errors.signed_out()
    return user, project, None


def _by_credential(store: Store, given: Mapping[str, Any]) -> tuple[Thing, Thing, frozenset[str] | None]:
    credential = things.get(store, "credential", given.get("id", ""))
    if credential is None:
        raise errors.unknown("Application Credential", given.get("id", ""))
    if not secrets.compare_digest(credential["sealed"], tokens.sealed(given.get("secret") or "")):
        raise errors.signed_out()
    user = things.get(store, "user", credential["user_id"])
    project = things.get(store, "project", credential["project_id"])
    if not user or not project:
        raise errors.signed_out()
    return user, project, frozenset(credential["roles"])


def _named(store: Store, kind: str, given: Mapping[str, Any]) -> Thing | None:
    """By its id, or by its name and its domain's name or id."""
    if "id" in given:
        return things.get(store, kind, given["id"])
    asked = given.get("domain") or {}
    domains = things.every(store, "domain", **{name: asked[name] for name in ("id", "name") if name in asked})
    for domain in domains if asked else []:
        for one in things.every(store, kind, name=given.get("name"), domain_id=domain["id"]):
            return one
    return None


def _token(call: Call, user: Thing, project: Thing, who: Caller) -> Answer:
    now, text = things.now(), secrets.token_urlsafe(40)
    for old in things.every(call.store, "token"):
        if old["until"] < now:
            things.remove(call.store, "token", old["id"])
    made = {
        "user": who.user,
        "project": who.project,
        "roles": sorted(who.roles),
        "by": who.by,
        "until": now + LASTS_S,
    }
    things.add(call.store, "token", {"id": tokens.sealed(text), **made})
    names = {role["name"]: role["id"] for role in things.every(call.store, "role")}
    content = {
        "methods": [who.by],
        "user": {**_who(call.store, user), "password_expires_at": None},
        "project": _who(call.store, project),
        "audit_ids": [secrets.token_urlsafe(16)],
        "issued_at": things.stamp(now).replace("Z", ".000000Z"),
        "expires_at": things.stamp(now + LASTS_S).replace("Z", ".000000Z"),
        "is_domain": False,
        "roles": [{"id": names[role], "name": role} for role in sorted(who.roles)],
        "catalog": [_service(call.root, kind) for kind in SERVICES],
    }
    return shown({"token": content}, 201, X_Subject_Token=text)


def _who(store: Store, thing: Thing) -> Thing:
    domain = things.get(store, "domain", thing["domain_id"]) or {"id": "", "name": ""}
    return {"id": thing["id"], "name": thing["name"], "domain": {"id": domain["id"], "name": domain["name"]}}


def _service(root: str, kind: str) -> Thing:
    name, path = SERVICES[kind]
    place = {"url": f"{root}{path}", "region_id": REGION, "region": REGION}
    doors = [
        {"id": tokens.sealed(f"{kind}{door}")[:32], "interface": door, **place} for door in ("public", "internal")
    ]
    return {"id": tokens.sealed(kind)[:32], "type": kind, "name": name, "endpoints": doors}


def versions(call: Call) -> Answer:
    """Where Keystone's v3 is."""
    links = [{"rel": "self", "href": f"{call.root}/identity/v3/"}]
    media = [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]
    version = {"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z"}
    return shown({"version": {**version, "links": links, "media-types": media}})
