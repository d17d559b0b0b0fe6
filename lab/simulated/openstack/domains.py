"""Keystone's domains and projects, and the tags of these."""

from lab.simulated.openstack import errors, grants, keystone, things, tokens
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer

# Keystone's own limit.
_MOST_TAGS = 80


def make_domain(store: Store, name: str, id: str = "") -> Thing:
    return things.add(
        store, "domain", {"id": id or things.new_hex(), "name": name, "description": "", "enabled": True}
    )


def make_project(store: Store, name: str, domain: str, **more: object) -> Thing:
    content = {"description": "", "enabled": True, "tags": [], **more}
    return things.add(store, "project", {"id": things.new_hex(), "name": name, "domain_id": domain, **content})


def _domain(call: Call, thing: Thing) -> Thing:
    return keystone.linked(call, "domains", thing, "name", "description", "enabled") | {"tags": [], "options": {}}


def _project(call: Call, thing: Thing) -> Thing:
    found = keystone.linked(call, "projects", thing, "name", "domain_id", "description", "enabled", "tags")
    return found | {"parent_id": thing["domain_id"], "is_domain": False, "options": {}}


def list_domains(call: Call) -> Answer:
    keystone.only_admin(call.caller, "list_domains")
    return keystone.page(call, "domains", things.every(call.store, "domain"), _domain)


def get_domain(call: Call) -> Answer:
    keystone.only_admin(call.caller, "get_domain")
    return shown({"domain": _domain(call, keystone.found(call, "domain", call.ids["domain"]))})


def create_domain(call: Call) -> Answer:
    keystone.only_admin(call.caller, "create_domain")
    given = call.body("domain")
    if things.every(call.store, "domain", name=given["name"]):
        raise errors.keystone(409, "Conflict occurred attempting to store domain - Duplicate entry found.")
    return shown({"domain": _domain(call, make_domain(call.store, given["name"]))}, 201)


def update_domain(call: Call) -> Answer:
    keystone.only_admin(call.caller, "update_domain")
    thing = keystone.found(call, "domain", call.ids["domain"])
    given = {
        name: value for name, value in call.body("domain").items() if name in {"enabled", "description", "name"}
    }
    thing = things.put(call.store, "domain", thing | given)
    if not thing["enabled"]:
        tokens.void(call.store, *(one["id"] for one in things.every(call.store, "user", domain_id=thing["id"])))
    return shown({"domain": _domain(call, thing)})


def delete_domain(call: Call) -> Answer:
    """With all that is in it in Keystone; a domain in use must be switched off first."""
    keystone.only_admin(call.caller, "delete_domain")
    thing = keystone.found(call, "domain", call.ids["domain"])
    if thing["enabled"]:
        said = "Cannot delete a domain that is enabled, please disable it first."
        raise errors.keystone(403, f"You are not authorized to perform the requested action: {said}.")
    for kind in ("user", "group", "project"):
        for one in things.every(call.store, kind, domain_id=thing["id"]):
            grants.forget(call.store, kind, one["id"])
            things.remove(call.store, kind, one["id"])
    things.remove(call.store, "domain", thing["id"])
    return done()


def list_projects(call: Call) -> Answer:
    keystone.only_admin(call.caller, "list_projects")
    return keystone.page(call, "projects", things.every(call.store, "project"), _project)


def get_project(call: Call) -> Answer:
    """Anybody may look at the project that he is signed in to."""
    thing = keystone.found(call, "project", call.ids["project"])
    if thing["id"] != call.caller.project:
        keystone.only_admin(call.caller, "get_project")
    return shown({"project": _project(call, thing)})


def create_project(call: Call) -> Answer:
    keystone.only_admin(call.caller, "create_project")
    given = call.body("project")
    domain = given.get("domain_id") or "default"
    if things.get(call.store, "domain", domain) is None:
        raise errors.keystone(400, f"Invalid parent: {domain}.")
    keystone.refuse_taken(call, "project", given["name"], domain)
    fields = {name: given[name] for name in ("description", "enabled", "tags") if name in given}
    return shown({"project": _project(call, make_project(call.store, given["name"], domain, **fields))}, 201)


def update_project(call: Call) -> Answer:
    keystone.only_admin(call.caller, "update_project")
    thing = keystone.found(call, "project", call.ids["project"])
    given = call.body("project")
    if given.get("name", thing["name"]) != thing["name"]:
        keystone.refuse_taken(call, "project", given["name"], thing["domain_id"])
    fields = {n: value for n, value in given.items() if n in {"name", "description", "enabled", "tags"}}
    thing = things.put(call.store, "project", thing | fields)
    if not thing["enabled"]:
        tokens.void_project(call.store, thing["id"])
    return shown({"project": _project(call, thing)})


def delete_project(call: Call) -> Answer:
    """Whatever the other services keep for it stays, and is nobody's."""
    keystone.only_admin(call.caller, "delete_project")
    thing = keystone.found(call, "project", call.ids["project"])
    grants.forget(call.store, "project", thing["id"])
    things.remove(call.store, "project", thing["id"])
    return done()


def put_tag(call: Call) -> Answer:
    keystone.only_admin(call.caller, "create_project_tag")
    thing = keystone.found(call, "project", call.ids["project"])
    tag = call.ids["tag"]
    if tag not in thing["tags"]:
        if len(thing["tags"]) >= _MOST_TAGS:
            raise errors.keystone(400, f"Invalid input for field 'tags': more than {_MOST_TAGS}.")
        things.put(call.store, "project", thing | {"tags": sorted([*thing["tags"], tag])})
    place = f"{call.root}/identity/v3/projects/{thing['id']}/tags/{tag}"
    return Answer(201, b"", {"Content-Type": "text/html; charset=utf-8", "Location": place})


def delete_tag(call: Call) -> Answer:
    keystone.only_admin(call.caller, "delete_project_tag")
    thing = keystone.found(call, "project", call.ids["project"])
    tag = call.ids["tag"]
    if tag not in thing["tags"]:
        raise errors.unknown("project tag", tag)
    things.put(call.store, "project", thing | {"tags": [one for one in thing["tags"] if one != tag]})
    return done()
