"""Nova's machines: asked for, built a moment later, started, stopped, removed; what they say on their console."""

from typing import Any
from urllib.parse import urlencode

from lab.simulated.openstack import errors, glance, hosts, neutron, nova, ports, server_images, things
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store
from lab.simulated.web import Answer

_LONGEST_PAGE = 1000
_NO_HOST = {"code": 500, "message": "No valid host was found. "}
_STATES = {"BUILD": ("building", 0), "ACTIVE": ("active", 1), "SHUTOFF": ("stopped", 4), "ERROR": ("error", 0)}
_SHOWN = ("id", "name", "status", "tenant_id", "user_id", "created", "updated", "tags")
# A machine that Nova removes is still there for so much of a moment.
_GOING = 0.2


def _sees(call: Call, server: Thing) -> bool:
    return call.caller.is_admin or bool(server["tenant_id"] == call.caller.project)


def found(call: Call) -> Thing:
    """Refused 404, as for what is another's."""
    server = things.get(call.store, "server", call.ids["server"])
    if server is None or not _sees(call, server):
        raise errors.nova(404, f"Instance {call.ids['server']} could not be found.")
    return server


def _shape(call: Call, server: Thing) -> Thing:
    """As the version that is asked for shows it: the oldest knows no tags, and of a size only its id."""
    number, state = nova.version(call), _STATES[server["status"]]
    links = [{"rel": "self", "href": f"{call.root}/compute/v2.1/servers/{server['id']}"}]
    flavor = {name: server["flavor"][name] for name in ("vcpus", "ram", "disk")}
    flavor["original_name"] = server["flavor"]["name"]
    content: Thing = {name: server[name] for name in _SHOWN} | {
        "links": links, "image": {"id": server["image"]["id"]}, "metadata": {}, "key_name": None, "progress": 0,
        "flavor": {**flavor, "ephemeral": 0, "swap": 0, "extra_specs": {}}, "addresses": _addresses(call, server),
        "OS-EXT-AZ:availability_zone": server["zone"], "OS-EXT-STS:task_state": server["task"],
        "OS-EXT-SRV-ATTR:host": server["host"] if server["status"] != "BUILD" else None,
        "OS-EXT-STS:vm_state": state[0], "OS-EXT-STS:power_state": state[1],
        "OS-SRV-USG:launched_at": server["launched"], "OS-SRV-USG:terminated_at": None,
    }  # fmt: skip
    if server["status"] == "ERROR":
        content["fault"] = {**_NO_HOST, "created": server["updated"]}
    if number < (2, 26):
        content.pop("tags")
    if number < (2, 47):
        content["flavor"] = {"id": server["flavor"]["id"], "links": []}
    return content


def _addresses(call: Call, server: Thing) -> Thing:
    """By the name of the network."""
    port = things.get(call.store, "port", server["port"]) if server["status"] in ("ACTIVE", "SHUTOFF") else None
    network = things.get(call.store, "network", port["network_id"]) if port else None
    if port is None or network is None:
        return {}
    more = {"version": 4, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": port["mac_address"]}
    return {network["name"]: [{**more, "addr": place["ip_address"]} for place in port["fixed_ips"]]}


def list_detail(call: Call) -> Answer:
    return _list(call, lambda server: _shape(call, server))


def list_short(call: Call) -> Answer:
    return _list(call, lambda server: {"id": server["id"], "name": server["name"], "links": []})


def _list(call: Call, shape: Any) -> Answer:
    """The newest first. Other projects' only for the administrator, who says that he wants them."""
    everybody = call.query.get("all_tenants", "").lower() in ("1", "true")
    if everybody:
        nova.only_admin(call, "servers:detail:get_all_tenants")
    project = call.query.get("project_id") if everybody else call.caller.project
    tags = {tag for tag in call.query.get("tags", "").split(",") if tag}
    fitting = [
        one
        for one in reversed(things.every(call.store, "server"))
        if project in (None, one["tenant_id"])
        and tags <= set(one["tags"])
        and call.query.get("status", one["status"]) == one["status"]
        and call.query.get("name", "") in one["name"]
    ]
    if marker := call.query.get("marker"):
        ids = [one["id"] for one in fitting]
        if marker not in ids:
            raise errors.nova(400, f"marker [{marker}] not found")
        fitting = fitting[ids.index(marker) + 1 :]
    limit = min(int(call.query.get("limit") or _LONGEST_PAGE), _LONGEST_PAGE)
    content: dict[str, Any] = {"servers": [shape(one) for one in fitting[:limit]]}
    if len(content["servers"]) == limit:
        following = urlencode({**call.query, "marker": fitting[limit - 1]["id"]})
        address = f"{call.root}/compute{call.request.path.removeprefix('/compute')}?{following}"
        content["servers_links"] = [{"rel": "next", "href": address}]
    return shown(content)


def get_server(call: Call) -> Answer:
    return shown({"server": _shape(call, found(call))})


def create_server(call: Call) -> Answer:
    """In the project of whoever asks and in no other; whether a host has room shows afterwards."""
    given = call.body("server")
    image, flavor, port = _image(call, given), _flavor(call, given), _port(call, given)
    zone = given.get("availability_zone") or ""
    if zone and zone not in {site.code for site in call.shape.sites}:
        raise errors.nova(400, "The requested availability zone is not available")
    nova.refuse_over_quota(call.store, call.caller.project, flavor)
    now, host = things.now(), hosts.choose(call.store, call.shape, flavor, zone)
    kept = {name: image["content"][name] for name in ("boots", "says")}
    body = call.store.link_body(image["body"])
    disk = {"format": image["disk_format"], "size": image["content"]["size"], "body": body}
    made: Thing = {
        "id": things.new_id(), "name": given["name"], "tags": given.get("tags", []), "status": "BUILD",
        "task": "scheduling",
        "tenant_id": call.caller.project, "user_id": call.caller.user, "created": things.stamp(now),
        "updated": things.stamp(now), "launched": None, "image": {"id": image["id"], **kept}, "flavor": flavor,
        "disk": disk,
        "zone": host.zone if host else zone, "host": host.name if host else "", "port": port["id"] if host else "",
        "booted": None, "wants": "built", "due": now + things.moment(call.store),
    }  # fmt: skip
    things.add(call.store, "server", made)
    if host:
        plugged = {
            "device_id": made["id"],
            "device_owner": f"compute:{host.zone}",
            "binding:host_id": host.name,
            "status": "ACTIVE",
        }
        things.put(call.store, "port", port | plugged)
    place = f"{call.root}/compute/v2.1/servers/{made['id']}"
    content = {"id": made["id"], "links": [{"rel": "self", "href": place}], "adminPass": things.new_hex()[:12]}
    return shown({"server": content}, 202, Location=place)


def _image(call: Call, given: Thing) -> Thing:
    try:
        image = glance.found(call, str(given.get("imageRef")))
    except errors.Refused:
        raise errors.nova(400, f"Can not find requested image {given.get('imageRef')}") from None
    if image["status"] != "active":
        raise errors.nova(400, f"Image {image['id']} is not active.")
    return image


def _flavor(call: Call, given: Thing) -> Thing:
    flavor = things.get(call.store, "flavor", str(given.get("flavorRef")))
    if flavor is None:
        raise errors.nova(400, f"Flavor {given.get('flavorRef')} could not be found.")
    return flavor


def _port(call: Call, given: Thing) -> Thing:
    """A machine has one port here, made before it: that is how the portal asks."""
    asked = given.get("networks")
    if not isinstance(asked, list) or len(asked) != 1 or "port" not in asked[0]:
        raise errors.nova(400, "Invalid input for field/attribute networks.")
    try:
        port = neutron.owned(call, ports.PORT, str(asked[0]["port"]))
    except errors.Refused:
        raise errors.nova(400, f"Port {asked[0]['port']} could not be found.") from None
    if port["device_id"]:
        raise errors.nova(409, f"Port {port['id']} is still in use.")
    return port


def update_server(call: Call) -> Answer:
    """Its name."""
    server = found(call)
    server = things.put(call.store, "server", server | {"name": call.body("server").get("name", server["name"])})
    return shown({"server": _shape(call, server)})


def delete_server(call: Call) -> Answer:
    """Answered at once; it is gone a little later."""
    server = found(call)
    if server["wants"] != "gone":
        soon = things.now() + _GOING * things.moment(call.store)
        things.put(call.store, "server", server | {"wants": "gone", "task": "deleting", "due": soon})
    return done()


def act(call: Call) -> Answer:
    """One action, named by the body's only field."""
    server = found(call)
    ((action, words),) = list(call.body().items())[:1] or [("", None)]
    if action == "os-getConsoleOutput":
        return _console(call, server, int((words or {}).get("length") or 0))
    if action == "createImage":
        return server_images.create(call, server, words or {})
    if action == "forceDelete":
        delete_server(call)
        return Answer(202)
    needs = {"os-start": "SHUTOFF", "os-stop": "ACTIVE"}.get(action)
    if needs is None:
        raise errors.nova(400, f"There is no such action: {action}")
    if server["status"] != needs or server["task"]:
        why = f"task_state {server['task']}" if server["task"] else f"vm_state {_STATES[server['status']][0]}"
        verb = action.removeprefix("os-")
        raise errors.nova(409, f"Cannot '{verb}' instance {server['id']} while it is in {why}")
    task, wants = ("powering-on", "on") if action == "os-start" else ("powering-off", "off")
    soon = things.now() + things.moment(call.store) / 2
    things.put(call.store, "server", server | {"task": task, "wants": wants, "due": soon})
    return Answer(202)


def go_on(store: Store, server: Thing, now: float) -> None:
    """What a machine wants, at its moment."""
    wants, rest = server["wants"], {"wants": "", "task": None, "due": None, "updated": things.stamp(now)}
    if wants == "gone":
        _unplug(store, server)
        store.drop_body(server.get("disk", {}).get("body", ""))
        things.remove(store, "server", server["id"])
    elif wants == "built" and not server["host"]:
        things.put(store, "server", server | rest | {"status": "ERROR"})
    elif wants == "imaged":
        things.put(store, "server", server | rest)
    elif wants == "off":
        things.put(store, "server", server | rest | {"status": "SHUTOFF"})
    else:
        launched = server["launched"] or things.stamp(now).replace("Z", ".000000")
        things.put(
            store, "server", server | rest | {"status": "ACTIVE", "launched": launched, "booted": server["due"]}
        )


def _unplug(store: Store, server: Thing) -> None:
    """The port stays, and takes the next one."""
    for port in things.every(store, "port", device_id=server["id"]):
        things.put(
            store, "port", port | {"device_id": "", "device_owner": "", "binding:host_id": "", "status": "DOWN"}
        )


def _console(call: Call, server: Thing, length: int) -> Answer:
    if server["status"] == "BUILD":
        raise errors.nova(409, f"Instance {server['id']} is not ready")
    lines = _said(server, things.now() - (server["booted"] or things.now()) >= things.moment(call.store))
    return shown({"output": "\n".join(lines[-length:] if length else lines)})


def _said(server: Thing, booted: bool) -> list[str]:
    """What it wrote since it was last started. The first line is the one by which the fake driver's is known."""
    lines = [f"FAKE CONSOLE OUTPUT of {server['name']}, a simulated machine", "Booting from Hard Disk..."]
    if not booted:
        return lines
    if not server["image"]["boots"]:
        return [*lines, "Boot failed: not a bootable disk", "No bootable device."]
    return [*lines, "BOOT-OK", *server["image"]["says"], f"{server['name']} login:"]
