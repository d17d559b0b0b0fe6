"""Keystone's users and groups."""

from lab.simulated.openstack import errors, grants, keystone, things, tokens
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer


def make_user(store: Store, name: str, domain: str, password: str | None, **more: object) -> Thing:
    content = {"description": "", "enabled": True, **more, "sealed": tokens.sealed(password) if password else ""}
    return things.add(store, "user", {"id": things.new_hex(), "name": name, "domain_id": domain, **content})


def _user(call: Call, thing: Thing) -> Thing:
    found = keystone.linked(call, "users", thing, "name", "domain_id", "enabled", "description")
    return found | {"password_expires_at": None, "options": {}}


def _group(call: Call, thing: Thing) -> Thing:
    return keystone.linked(call, "groups", thing, "name", "domain_id", "description")


def list_users(call: Call) -> Answer:
    keystone.only_admin(call.caller, "list_users")
    return keystone.page(call, "users", things.every(call.store, "user"), _user)


def get_user(call: Call) -> Answer:
    keystone.only_admin(call.caller, "get_user")
    return shown({"user": _user(call, keystone.found(call, "user", call.ids["user"]))})


def create_user(call: Call) -> Answer:
    keystone.only_admin(call.caller, "create_user")
    given = call.body("user")
    domain = given.get("domain_id") or "default"
    keystone.found(call, "domain", domain)
    keystone.refuse_taken(call, "user", given["name"], domain)
    fields = {name: given[name] for name in ("description", "enabled") if name in given}
    made = make_user(call.store, given["name"], domain, given.get("password"), **fields)
    return shown({"user": _user(call, made)}, 201)


def update_user(call: Call) -> Answer:
    """Every token of his is void after a change of the password, and when he is switched off."""
    keystone.only_admin(call.caller, "update_user")
    thing = keystone.found(call, "user", call.ids["user"])
    given = call.body("user")
    fields = {name: value for name, value in given.items() if name in {"name", "description", "enabled"}}
    if "password" in given:
        fields["sealed"] = tokens.sealed(given["password"])
    thing = things.put(call.store, "user", thing | fields)
    if "password" in given or not thing["enabled"]:
        tokens.void(call.store, thing["id"])
    return shown({"user": _user(call, thing)})


def delete_user(call: Call) -> Answer:
    """With his memberships, roles and credentials."""
    keystone.only_admin(call.caller, "delete_user")
    thing = keystone.found(call, "user", call.ids["user"])
    grants.forget(call.store, "user", thing["id"])
    things.remove(call.store, "user", thing["id"])
    return done()


def list_groups(call: Call) -> Answer:
    keystone.only_admin(call.caller, "list_groups")
    return keystone.page(call, "groups", things.every(call.store, "group"), _group)


def get_group(call: Call) -> Answer:
    keystone.only_admin(call.caller, "get_group")
    return shown({"group": _group(call, keystone.found(call, "group", call.ids["group"]))})


def create_group(call: Call) -> Answer:
    keystone.only_admin(call.caller, "create_group")
    given = call.body("group")
    domain = given.get("domain_id") or "default"
    keystone.found(call, "domain", domain)
    keystone.refuse_taken(call, "group", given["name"], domain)
    content = {"description": given.get("description", ""), "members": []}
    made = {"id": things.new_hex(), "name": given["name"], "domain_id": domain, **content}
    return shown({"group": _group(call, things.add(call.store, "group", made))}, 201)


def delete_group(call: Call) -> Answer:
    keystone.only_admin(call.caller, "delete_group")
    thing = keystone.found(call, "group", call.ids["group"])
    grants.forget(call.store, "group", thing["id"])
    things.remove(call.store, "group", thing["id"])
    return done()


def list_members(call: Call) -> Answer:
    keystone.only_admin(call.caller, "list_users_in_group")
    members = keystone.found(call, "group", call.ids["group"])["members"]
    return keystone.page(call, "users", [keystone.found(call, "user", one) for one in members], _user)


def add_member(call: Call) -> Answer:
    keystone.only_admin(call.caller, "add_user_to_group")
    group = keystone.found(call, "group", call.ids["group"])
    user = keystone.found(call, "user", call.ids["user"])["id"]
    things.put(call.store, "group", group | {"members": sorted({*group["members"], user})})
    return done()


def remove_member(call: Call) -> Answer:
    keystone.only_admin(call.caller, "remove_user_from_group")
    group = keystone.found(call, "group", call.ids["group"])
    user = keystone.found(call, "user", call.ids["user"])["id"]
    if user not in group["members"]:
        raise errors.keystone(404, f"Could not find user {user} in group {group['id']}.")
    things.put(call.store, "group", group | {"members": [one for one in group["members"] if one != user]})
    tokens.void(call.store, user)
    return done()
