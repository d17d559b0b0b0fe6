"""An image of a machine: asked of Nova, which makes the record in Glance at once and writes the content afterwards.

What a machine "wrote" is a line at the end of its disk, so that no two images of it are the same.
"""

from collections.abc import Iterator

from lab.simulated.openstack import errors, glance, nova, things
from lab.simulated.openstack.call import Call, shown
from lab.simulated.openstack.content import Reading
from lab.simulated.openstack.things import Thing
from lab.simulated.store import Store, dumped
from lab.simulated.web import Answer

_LINE = 512


def create(call: Call, server: Thing, given: Thing) -> Answer:
    """Whoever asks owns it. The machine goes on running, and is at nothing else meanwhile."""
    if server["status"] not in ("ACTIVE", "SHUTOFF") or server["task"]:
        why = f"task_state {server['task']}" if server["task"] else f"vm_state {server['status'].lower()}"
        raise errors.nova(409, f"Cannot 'createImage' instance {server['id']} while it is in {why}")
    if not given.get("name"):
        raise errors.nova(400, "Invalid input for field/attribute name.")
    half, disk = things.now() + things.moment(call.store) / 2, server["disk"]
    of_nova = {"instance_uuid": server["id"], "image_type": "snapshot", "user_id": call.caller.user}
    made = glance.add(
        call,
        {
            **(given.get("metadata") or {}), **of_nova, "name": given["name"], "visibility": "shared",
            "disk_format": disk["format"], "container_format": "bare",
        },
    )  # fmt: skip
    kept = {"format": disk["format"], "size": disk["size"], "body": call.store.link_body(disk["body"])}
    things.put(call.store, "image", made | {"disk": kept, "due": half})
    busy = {"task": "image_snapshot", "wants": "imaged", "due": half + things.moment(call.store) / 2}
    things.put(call.store, "server", server | busy)
    if nova.version(call) < (2, 45):
        return Answer(202, headers={"Location": f"{call.root}/image/v2/images/{made['id']}"})
    return shown({"image_id": made["id"]}, 202)


def go_on(store: Store, image: Thing, now: float) -> None:
    """The content begins to come, and then is there."""
    if image["status"] == "queued":
        things.put(store, "image", image | {"status": "saving", "due": now + things.moment(store) / 2})
        return
    disk, reading = image["disk"], Reading()
    piece = store.write_body(reading.through(_written(store, disk, image["instance_uuid"])))
    store.drop_body(disk["body"])
    rest = {name: value for name, value in image.items() if name not in ("disk", "due")}
    content = {"content": reading.found(), "body": dumped([piece])}
    things.put(store, "image", glance.active(rest | content))


def _written(store: Store, disk: Thing, server: str) -> Iterator[bytes]:
    yield from store.read_body(disk["body"], 0, disk["size"])
    yield f"\nSIMULATED-WRITTEN: {server} {things.now()}\n".encode().ljust(_LINE, b"\0")
