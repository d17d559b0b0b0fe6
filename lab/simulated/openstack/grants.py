"""Keystone's roles, who has which on what, and the application credentials that rest on them."""

from lab.simulated.openstack import errors, keystone, things, tokens
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer

# Whoever has the first has those after it.
_IMPLIES = ("admin", "manager", "member", "reader")
ROLES = (*_IMPLIES, "service")


def implied(role: str) -> tuple[str, ...]:
    """The role and what it implies, by name."""
    return _IMPLIES[_IMPLIES.index(role) :] if role in _IMPLIES else (role,)


def names_on(store: Store, user: str, project: str) -> frozenset[str]:
    """The roles that a user has on a project, by himself or through a group."""
    names = {role["id"]: role["name"] for role in things.every(store, "role")}
    groups = {one["id"] for one in things.every(store, "group") if user in one["members"]}
    here = things.every(store, "assignment", project=project)
    mine = {names[one["role"]] for one in here if one["user"] == user or one["group"] in groups}
    return frozenset(name for role in mine for name in implied(role))


def assign(store: Store, project: str, role: str, *, user: str = "", group: str = "") -> None:
    """Taken a second time without a word."""
    id = f"{project} {role} {user or group}"
    if things.get(store, "assignment", id) is None:
        things.add(store, "assignment", {"id": id, "project": project, "role": role, "user": user, "group": group})


def forget(store: Store, kind: str, id: str) -> None:
    """What hangs on a user, a group or a project that goes."""
    for one in things.every(store, "assignment", **{kind: id}):
        things.remove(store, "assignment", one["id"])
    for credential in things.every(store, "credential", **{f"{kind}_id": id}):
        things.remove(store, "credential", credential["id"])
    if kind == "project":
        tokens.void_project(store, id)
        return
    tokens.void(store, *_people(store, kind, id))
    for group in things.every(store, "group") if kind == "user" else []:
        if id in group["members"]:
            things.put(store, "group", group | {"members": [one for one in group["members"] if one != id]})


def _people(store: Store, kind: str, id: str) -> list[str]:
    group = things.get(store, "group", id) if kind == "group" else None
    return group["members"] if group else [id]


def _role(call: Call, thing: Thing) -> Thing:
    return keystone.linked(call, "roles", thing, "name") | _ROLE


_ROLE = {"domain_id": None, "description": None, "options": {"immutable": True}}


def list_roles(call: Call) -> Answer:
    keystone.only_admin(call.caller, "list_roles")
    return keystone.page(call, "roles", things.every(call.store, "role"), _role)


def get_role(call: Call) -> Answer:
    keystone.only_admin(call.caller, "get_role")
    return shown({"role": _role(call, keystone.found(call, "role", call.ids["role"]))})


def list_assignments(call: Call) -> Answer:
    keystone.only_admin(call.caller, "list_role_assignments")
    asked = {"project": "scope.project.id", "group": "group.id", "role": "role.id", "user": "user.id"}
    wanted = {field: call.query[name] for field, name in asked.items() if name in call.query}
    found = things.every(call.store, "assignment", **wanted)
    links = {"next": None, "self": f"{call.root}{call.request.raw_path}", "previous": None}
    return shown({"role_assignments": [_assignment(call, one) for one in found], "links": links})


def _assignment(call: Call, thing: Thing) -> Thing:
    kind = "group" if thing["group"] else "user"
    project = thing["project"]
    path = f"projects/{project}/{kind}s/{thing[kind]}/roles/{thing['role']}"
    return {
        "links": {"assignment": f"{call.root}/identity/v3/{path}"},
        "scope": {"project": {"id": project}},
        kind: {"id": thing[kind]},
        "role": {"id": thing["role"]},
    }


def grant(call: Call) -> Answer:
    keystone.only_admin(call.caller, "create_grant")
    for kind in ("project", "group", "role"):
        keystone.found(call, kind, call.ids[kind])
    assign(call.store, call.ids["project"], call.ids["role"], group=call.ids["group"])
    return done()


def revoke(call: Call) -> Answer:
    keystone.only_admin(call.caller, "revoke_grant")
    project, group, role = (call.ids[kind] for kind in ("project", "group", "role"))
    if not things.remove(call.store, "assignment", f"{project} {role} {group}"):
        raise errors.keystone(
            404,
            f"Could not find role assignment with role: {role}, user or group: {group}, "
            f"project, domain, or system: {project}.",
        )
    tokens.void(call.store, *_people(call.store, "group", group))
    return done()


def _credential(call: Call, thing: Thing) -> Thing:
    shown_of_it = ("name", "description", "user_id", "project_id", "unrestricted")
    roles = [
        {"id": role["id"], "name": role["name"], **_ROLE}
        for role in things.every(call.store, "role")
        if role["name"] in thing["roles"]
    ]
    found = keystone.linked(call, "application_credentials", thing, *shown_of_it)
    return found | {"system": None, "expires_at": None, "roles": roles}


def list_credentials(call: Call) -> Answer:
    if call.ids["user"] != call.caller.user:
        keystone.only_admin(call.caller, "list_application_credentials")
    keystone.found(call, "user", call.ids["user"])
    every = things.every(call.store, "credential", user_id=call.ids["user"])
    return keystone.page(call, "application_credentials", every, _credential)


def get_credential(call: Call) -> Answer:
    if call.ids["user"] != call.caller.user:
        keystone.only_admin(call.caller, "get_application_credential")
    return shown({"application_credential": _credential(call, _mine(call))})


def delete_credential(call: Call) -> Answer:
    if call.ids["user"] != call.caller.user:
        keystone.only_admin(call.caller, "delete_application_credential")
    thing = _mine(call)
    things.remove(call.store, "credential", thing["id"])
    tokens.void(call.store, thing["user_id"], by="application_credential")
    return done()


def _mine(call: Call) -> Thing:
    thing = things.get(call.store, "credential", call.ids["credential"])
    if thing is None or thing["user_id"] != call.ids["user"]:
        raise errors.unknown("Application Credential", call.ids["credential"])
    return thing


def create_credential(call: Call) -> Answer:
    """By the user himself alone, and not with another credential; for the project that he is signed in to."""
    if call.ids["user"] != call.caller.user:
        raise errors.keystone(
            403, "You are not authorized to perform the requested action: identity:create_application_credential."
        )
    if call.caller.by != "password":
        said = f"Using method '{call.caller.by}' is not allowed for managing additional application credentials."
        raise errors.keystone(403, f"You are not authorized to perform the requested action: {said}.")
    given = call.body("application_credential")
    name, user = given["name"], call.caller.user
    if things.every(call.store, "credential", name=name, user_id=user):
        said = "Conflict occurred attempting to store application_credential - Duplicate entry found with name"
        raise errors.keystone(409, f"{said} {name}.")
    asked = [role["name"] for role in given.get("roles") or ()] or sorted(call.caller.roles)
    if set(asked) - call.caller.roles:
        raise errors.keystone(400, "Invalid application credential: Could not find role assignment.")
    secret = given.get("secret") or things.new_hex()
    made: Thing = {
        "id": things.new_hex(), "name": name, "description": given.get("description", ""), "user_id": user,
        "project_id": call.caller.project, "unrestricted": bool(given.get("unrestricted")),
        "roles": sorted({every for role in asked for every in implied(role)}), "sealed": tokens.sealed(secret),
    }  # fmt: skip
    things.add(call.store, "credential", made)
    return shown({"application_credential": _credential(call, made) | {"secret": secret}}, 201)
