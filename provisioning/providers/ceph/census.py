"""Every object of the portal on this gateway: identities by page, and with each its keys and buckets."""

import re
from collections.abc import Iterator
from typing import Final

from provisioning.domain.names import Marker
from provisioning.domain.observation import Sighting
from provisioning.kinds.ceph import DOOR
from provisioning.providers.ceph.client.admin import Admin, RgwUser
from provisioning.providers.ceph.client.errors import NotThere

_OUR_ROLES: Final = ("owner", "writer", "restore", "probe")


def sightings(admin: Admin) -> Iterator[Sighting]:
    """Of all installations on this gateway; the engine keeps its own. One call a user, one more an owner."""
    for uid in admin.uids():
        if uid.partition("$")[2] not in _OUR_ROLES:
            continue
        try:
            user = admin.user(uid)
        except NotThere:
            continue  # it went between the page and the look
        if marker := Marker.parse(user.display_name):
            yield from _of_user(admin, user, marker)


def _of_user(admin: Admin, user: RgwUser, marker: Marker) -> Iterator[Sighting]:
    yield Sighting("ceph.user", user.uid, user.display_name)
    for access_key in user.keys:
        yield Sighting("ceph.key", access_key, str(_beside(marker, f"{marker.name}-key")))
    if not user.uid.endswith("$owner"):
        return
    # The tag is readable with the owner's key only; the owner's own marker says installation and stack.
    for bucket in admin.buckets_of(user.uid):
        kind = "ceph.door" if bucket.name == DOOR else "ceph.bucket"
        yield Sighting(kind, bucket.id, str(_beside(marker, bucket.name)))


def _beside(marker: Marker, name: str) -> Marker:
    plain = re.sub(r"[^a-z0-9-]", "-", name).strip("-") or "unnamed"
    return Marker(marker.installation, marker.stack, plain)
