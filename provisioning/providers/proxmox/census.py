"""Every object of the portal on this cluster: pools, users, tokens by their comments, grants by their holders,
networks by their aliases, guests by their tags, images by their names.
"""

import re
from collections.abc import Iterator

from provisioning.domain.names import Marker
from provisioning.domain.observation import Sighting
from provisioning.providers.proxmox import guests
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.handlers.image import marker_of
from provisioning.providers.proxmox.nodes import Nodes


def sightings(api: Api) -> Iterator[Sighting]:
    """Of all installations on this cluster; the engine keeps its own. A call a kind, and one a storage."""
    for pool in api.listed("listing the pools", "pools"):
        if _marker(pool):
            yield Sighting("proxmox.pool", str(pool["poolid"]), str(pool["comment"]))
    holders: dict[str, Marker] = {}
    for user in api.listed("listing the users", "access/users", full=1):
        if not (mine := _marker(user)):
            continue
        holders[str(user["userid"])] = mine
        yield Sighting("proxmox.user", str(user["userid"]), str(user["comment"]))
        for token in user.get("tokens") or []:
            id = f"{user['userid']}!{token['tokenid']}"
            holders[id] = _marker(token) or mine
            yield Sighting("proxmox.token", id, str(token.get("comment") or _beside(mine, str(token["tokenid"]))))
    for entry in api.listed("listing what is granted", "access/acl"):
        if holder := holders.get(str(entry["ugid"])):
            id = f"{entry['path']} {entry['roleid']} {entry['ugid']}"
            yield Sighting("proxmox.grant", id, str(_beside(holder, f"{holder.name}-grant")))
    yield from _machines(api)


def _machines(api: Api) -> Iterator[Sighting]:
    for network in api.listed("listing the networks", "cluster/sdn/vnets"):
        if marker := Marker.parse(str(network.get("alias") or "")):
            yield Sighting("proxmox.network", str(network["vnet"]), str(marker))
    for guest in guests.rows(api):
        for tag in guests.tags_of(guest):
            if Marker.parse(tag):
                yield Sighting("proxmox.guest", str(guest["vmid"]), tag)
    here = Nodes.read(api)
    for storage in here.importing():
        node = here.with_storage(storage)
        path = f"nodes/{node}/storage/{storage}/content"
        for volume in api.listed(f"listing the images on {storage}", path, content="import"):
            if marker := marker_of(str(volume["volid"])):
                yield Sighting("proxmox.image", str(volume["volid"]), str(marker))


def _marker(thing: dict[str, object]) -> Marker | None:
    return Marker.parse(str(thing.get("comment") or ""))


def _beside(marker: Marker, name: str) -> Marker:
    plain = re.sub(r"[^a-z0-9-]", "-", name.lower()).strip("-") or "unnamed"
    return Marker(marker.installation, marker.stack, plain)
