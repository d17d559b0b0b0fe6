"""What is the same for everything of Nova's: its versions, its sizes of machines, and its quotas."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from lab.simulated.openstack import errors, things
from lab.simulated.openstack.call import Call, shown
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer

NEWEST = (2, 103)
# Nova's own, where a project has none; -1 is none. RAM in MiB.
QUOTAS = {
    "instances": 10, "cores": 20, "ram": 51200, "key_pairs": 100, "metadata_items": 128, "server_groups": 10,
    "server_group_members": 10,
}  # fmt: skip
_USES: Mapping[str, Callable[[Thing], int]] = {
    "instances": lambda server: 1,
    "cores": lambda server: int(server["flavor"]["vcpus"]),
    "ram": lambda server: int(server["flavor"]["ram"]),
}


def version(call: Call) -> tuple[int, int]:
    """The one that is asked for; Nova's oldest when none is."""
    asked = re.fullmatch(r"compute (\d+)\.(\d+)", call.request.headers.get("openstack-api-version", ""))
    if asked is None:
        return (2, 1)
    number = (int(asked[1]), int(asked[2]))
    if number > NEWEST:
        newest = ".".join(map(str, NEWEST))
        said = f"Version {asked[1]}.{asked[2]} is not supported by the API. Minimum is 2.1 and maximum is {newest}."
        raise errors.nova(406, said)
    return number


def versions(call: Call) -> Answer:
    links = [{"rel": "self", "href": f"{call.root}/compute/v2.1/"}]
    media = [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]
    newest = ".".join(map(str, NEWEST))
    word = {
        "id": "v2.1",
        "status": "CURRENT",
        "version": newest,
        "min_version": "2.1",
        "updated": "2013-07-23T11:33:21Z",
    }
    return shown({"version": {**word, "links": links, "media-types": media}})


def only_admin(call: Call, rule: str) -> None:
    if not call.caller.is_admin:
        raise errors.nova(403, f"Policy doesn't allow os_compute_api:{rule} to be performed.")


def make_flavor(store: Store, name: str, ram: int, vcpus: int, disk: int) -> Thing:
    """A size of machines: MiB, virtual CPUs, GiB."""
    return things.add(
        store, "flavor", {"id": things.new_id(), "name": name, "ram": ram, "vcpus": vcpus, "disk": disk}
    )


def _flavor(call: Call, flavor: Thing) -> Thing:
    rest = {"swap": 0, "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": False, "rxtx_factor": 1.0}
    links = [{"rel": "self", "href": f"{call.root}/compute/v2.1/flavors/{flavor['id']}"}]
    return {
        **flavor,
        **rest,
        "os-flavor-access:is_public": True,
        "links": links,
        "description": None,
        "extra_specs": {},
    }


def list_flavors(call: Call) -> Answer:
    every = sorted(things.every(call.store, "flavor"), key=lambda one: str(one["id"]))
    return shown({"flavors": [_flavor(call, one) for one in every]})


def get_flavor(call: Call) -> Answer:
    flavor = things.get(call.store, "flavor", call.ids["flavor"])
    if flavor is None:
        raise errors.nova(404, f"Flavor {call.ids['flavor']} could not be found.")
    return shown({"flavor": _flavor(call, flavor)})


def create_flavor(call: Call) -> Answer:
    only_admin(call, "os-flavor-manage:create")
    given = call.body("flavor")
    if things.every(call.store, "flavor", name=given["name"]):
        raise errors.nova(409, f"Flavor with name {given['name']} already exists.")
    made = make_flavor(call.store, given["name"], *(int(given[name]) for name in ("ram", "vcpus", "disk")))
    return shown({"flavor": _flavor(call, made)})


def delete_flavor(call: Call) -> Answer:
    only_admin(call, "os-flavor-manage:delete")
    if not things.remove(call.store, "flavor", call.ids["flavor"]):
        raise errors.nova(404, f"Flavor {call.ids['flavor']} could not be found.")
    return Answer(202)


def quota(store: Store, project: str) -> Thing:
    own = things.get(store, "compute_quota", project) or {}
    return {name: own.get(name, limit) for name, limit in QUOTAS.items()}


def refuse_over_quota(store: Store, project: str, flavor: Thing) -> None:
    """Of machines, processors and memory, in that order."""
    limits, there = quota(store, project), things.every(store, "server", tenant_id=project)
    for name, use in _USES.items():
        used, more = sum(use(server) for server in there), use({"flavor": flavor})
        if 0 <= limits[name] < used + more:
            said = f"Quota exceeded for {name}: Requested {more}, but already used {used} of {limits[name]} {name}"
            raise errors.nova(403, said)


def get_quota(call: Call) -> Answer:
    if call.ids["project"] != call.caller.project:
        only_admin(call, "os-quota-sets:show")
    return shown({"quota_set": {"id": call.ids["project"], **quota(call.store, call.ids["project"])}})


def update_quota(call: Call) -> Answer:
    """Below what is used too."""
    only_admin(call, "os-quota-sets:update")
    project = call.ids["project"]
    given: dict[str, Any] = {name: int(value) for name, value in call.body("quota_set").items() if name in QUOTAS}
    had = things.get(call.store, "compute_quota", project)
    made = {"id": project, **quota(call.store, project), **given}
    (things.put if had else things.add)(call.store, "compute_quota", made)
    return shown({"quota_set": quota(call.store, project)})


def delete_quota(call: Call) -> Answer:
    only_admin(call, "os-quota-sets:delete")
    things.remove(call.store, "compute_quota", call.ids["project"])
    return Answer(202)
