"""Glance: an image's record, its content staged and imported, its tags. It refuses with pages, not with JSON."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from lab.simulated.openstack import errors, things
from lab.simulated.openstack.call import Call, done, shown
from lab.simulated.openstack.content import Reading
from lab.simulated.openstack.things import Thing
from lab.simulated.store import READ_BLOCK, Store, dumped
from lab.simulated.web import Answer

# Glance's own: how many it lists when nobody says, and at most.
_PAGE, _LONGEST_PAGE = 25, 1000
_BASE: Thing = {
    "name": None, "disk_format": None, "container_format": None, "visibility": "shared", "size": None,
    "virtual_size": None, "status": "queued", "checksum": None, "protected": False, "min_ram": 0, "min_disk": 0,
    "os_hidden": False, "os_hash_algo": None, "os_hash_value": None,
}  # fmt: skip
_READ_ONLY = frozenset(
    {"id", "status", "size", "checksum", "os_hash_value", "os_hash_algo", "owner_id", "file", "schema"}
)
# What is kept beside Glance's own fields, and never shown.
_HIDDEN = frozenset({"due", "content", "body", "at", "disk"})


def _shape(image: Thing) -> Thing:
    place = f"/v2/images/{image['id']}"
    fields = {name: value for name, value in image.items() if name not in _HIDDEN}
    return {**fields, "self": place, "file": f"{place}/file", "schema": "/v2/schemas/image"}


def versions(call: Call) -> Answer:
    links = [{"rel": "self", "href": f"{call.root}/image/v2/"}]
    numbers = [(f"v2.{minor}", "SUPPORTED") for minor in range(17)]
    every = [{"id": id, "status": status, "links": links} for id, status in [("v2.17", "CURRENT"), *numbers]]
    return shown({"versions": every}, 300)


def _sees(call: Call, image: Thing) -> bool:
    return call.caller.is_admin or image["visibility"] == "public" or image["owner"] == call.caller.project


def found(call: Call, id: str, words: str = "No image found with ID {id}") -> Thing:
    """Refused 404, as for what is another's."""
    image = things.get(call.store, "image", id)
    if image is None or not _sees(call, image):
        raise errors.glance(404, words.format(id=id))
    return image


def _owned(call: Call) -> Thing:
    image = found(call, call.ids["image"])
    if not call.caller.is_admin and image["owner"] != call.caller.project:
        raise errors.glance(403, "You are not permitted to modify this image.")
    return image


def list_images(call: Call) -> Answer:
    """The newest first; what fits, a page of it."""
    wanted = {name: value for name, value in call.query.items() if name not in ("limit", "marker", "tag")}
    fitting = [
        one
        for one in reversed(things.every(call.store, "image"))
        if _sees(call, one)
        and call.query.get("tag", "") in ["", *one["tags"]]
        and all(str(one.get(name)) == value for name, value in wanted.items())
    ]
    if marker := call.query.get("marker"):
        ids = [one["id"] for one in fitting]
        if marker not in ids:
            raise errors.glance(400, f"Marker {marker} could not be found.")
        fitting = fitting[ids.index(marker) + 1 :]
    limit = min(int(call.query.get("limit") or _PAGE), _LONGEST_PAGE)
    content: dict[str, Any] = {"images": [_shape(one) for one in fitting[:limit]], "first": "/v2/images"}
    if fitting[:limit] and len(fitting[:limit]) == limit:
        content["next"] = f"/v2/images?{urlencode({**call.query, 'marker': fitting[limit - 1]['id']})}"
    return shown({**content, "schema": "/v2/schemas/images"})


def get_image(call: Call) -> Answer:
    return shown(_shape(found(call, call.ids["image"])))


def create_image(call: Call) -> Answer:
    """Names may be taken any number of times."""
    given = call.body()
    if _READ_ONLY & set(given):
        raise errors.glance(403, f"Attribute '{sorted(_READ_ONLY & set(given))[0]}' is read-only.")
    owner = given.get("owner", call.caller.project)
    if owner != call.caller.project and not call.caller.is_admin:
        raise errors.glance(403, "You are not permitted to create images owned by that project.")
    if given.get("visibility") == "public" and not call.caller.is_admin:
        raise errors.glance(403, "You are not authorized to complete publicize_image action.")
    made = add(call, {**given, "owner": owner})
    ways = {"OpenStack-image-import-methods": "glance-direct", "OpenStack-image-store-ids": "file"}
    where = {"Location": f"{call.root}/image/v2/images/{made['id']}"}
    return shown(_shape(made), 201, **ways, **where)


def add(call: Call, given: Thing) -> Thing:
    """A record without content, of whoever asks where nobody else is named."""
    now = things.stamp()
    tags = sorted(set(given.pop("tags", ())))
    fixed = {"id": things.new_id(), "tags": tags, "created_at": now, "updated_at": now}
    return things.add(call.store, "image", {**_BASE, "owner": call.caller.project, **given, **fixed})


def update_image(call: Call) -> Answer:
    """A JSON patch of one level."""
    image = _owned(call)
    try:
        changes = json.loads(call.request.stream.read(-1))
        for change in changes:
            name = str(change["path"]).removeprefix("/")
            if name in _READ_ONLY:
                raise errors.glance(403, f"Attribute '{name}' is read-only.")
            if change["op"] == "remove":
                image.pop(name, None)
            else:
                image[name] = change["value"]
    except (ValueError, KeyError, TypeError):
        raise errors.glance(400, "The request body is no patch.") from None
    if image["visibility"] == "public" and not call.caller.is_admin:
        raise errors.glance(403, "You are not authorized to complete publicize_image action.")
    return shown(_shape(things.put(call.store, "image", image | {"updated_at": things.stamp()})))


def delete_image(call: Call) -> Answer:
    """A machine that was made of it stays."""
    image = found(call, call.ids["image"], "Failed to find image {id} to delete")
    if not call.caller.is_admin and image["owner"] != call.caller.project:
        raise errors.glance(403, "You are not permitted to delete this image.")
    things.remove(call.store, "image", image["id"])
    for body in (image.get("body", ""), image.get("disk", {}).get("body", "")):
        call.store.drop_body(body)
    return done()


def put_tag(call: Call) -> Answer:
    image = _owned(call)
    things.put(call.store, "image", image | {"tags": sorted({*image["tags"], call.ids["tag"]})})
    return done()


def delete_tag(call: Call) -> Answer:
    image = _owned(call)
    if call.ids["tag"] not in image["tags"]:
        raise errors.glance(404, f"The tag {call.ids['tag']} was not found on image {image['id']}.")
    things.put(call.store, "image", image | {"tags": [one for one in image["tags"] if one != call.ids["tag"]]})
    return done()


def stage(call: Call) -> Answer:
    """The content, to be imported later. One that breaks off leaves the record as it was."""
    image = _owned(call)
    _refuse_unless_queued(image)
    body, content = _read(call)
    given = {"status": "uploading", "size": content["size"], "content": content, "body": body}
    with call.store.transaction():
        things.put(call.store, "image", _owned(call) | given)
    return done()


def upload(call: Call) -> Answer:
    """The content, good as it is: nobody looks at it."""
    image = _owned(call)
    _refuse_unless_queued(image)
    body, content = _read(call)
    with call.store.transaction():
        things.put(call.store, "image", active(_owned(call) | {"content": content, "body": body}))
    return done()


def download(call: Call) -> Answer:
    """The content; nothing where there is none yet."""
    image = found(call, call.ids["image"])
    if image["status"] != "active":
        return done()
    size = image["content"]["size"]
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    return Answer(200, call.store.read_body(image["body"], 0, size), headers)


def start_import(call: Call) -> Answer:
    """Answered at once; it is done a moment later, and shows meanwhile what it is at."""
    image = _owned(call)
    if call.body().get("method", {}).get("name") != "glance-direct":
        raise errors.glance(400, "Unknown import method name; known is glance-direct.")
    if image["status"] != "uploading" or "os_glance_import_task" in image:
        raise errors.glance(
            409, f"Image needs to be staged before 'glance-direct' method can be used: {image['id']}"
        )
    half = things.now() + things.moment(call.store) / 2
    things.put(call.store, "image", image | {"os_glance_import_task": things.new_id(), "due": half})
    return Answer(202, b"", {"Content-Type": "text/html; charset=UTF-8"})


def go_on(store: Store, image: Thing, now: float) -> None:
    """The next half of an import; the second ends it, well or badly."""
    if image["status"] == "uploading":
        things.put(store, "image", image | {"status": "importing", "due": now + things.moment(store) / 2})
        return
    after = {name: value for name, value in image.items() if name not in ("os_glance_import_task", "due")}
    content = image["content"]
    said = image["disk_format"]
    if content["sound"] and content["begins"] == said:
        over = {"os_glance_importing_to_stores": "", "os_glance_failed_import": ""}
        things.put(store, "image", active({**over, **after}))
        return
    # It stays so for ever: the store that failed says it, not the status.
    things.put(store, "image", {"os_glance_importing_to_stores": "", **after, "os_glance_failed_import": "file"})


def active(image: Thing) -> Thing:
    """With its content, by that content's sums."""
    names = ("size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value")
    sums = {name: image["content"][name] for name in names}
    return image | sums | {"status": "active", "stores": "file", "updated_at": things.stamp()}


def _refuse_unless_queued(image: Thing) -> None:
    if image["status"] != "queued":
        raise errors.glance(409, f"Image status transition from {image['status']} to saving is not allowed")


def _read(call: Call) -> tuple[str, Thing]:
    """The stored body, and what it is."""
    reading = Reading()
    piece = call.store.write_body(reading.through(_blocks(call)))
    announced = call.request.headers.get("content-length")
    body = dumped([piece])
    if announced and reading.size < int(announced):
        call.store.drop_body(body)
        raise errors.glance(400, "The content ended before its announced length.")
    return body, reading.found()


def _blocks(call: Call) -> Iterator[bytes]:
    while block := call.request.stream.read(READ_BLOCK):
        yield block
