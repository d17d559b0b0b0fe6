"""Every object of the portal on this cloud: projects, servers and images by their tag, images of servers by a
property, all else by its description.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from provisioning.domain.names import Marker
from provisioning.domain.observation import Sighting
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.handlers.server_image import marker_of

_NETWORK: Final = ("network", "subnet", "router", "security_group", "port")


def sightings(cloud: Cloud) -> Iterator[Sighting]:
    """Of all installations on this cloud; the engine keeps its own. A call a page, and one a user of ours."""
    for project in _of_domain(cloud, "project"):
        for tag in project.tags:
            if Marker.parse(tag):
                yield Sighting("openstack.project", project.id, tag)
    yield from _people(cloud)
    for noun in _NETWORK:
        for one in cloud.listed(f"listing every {noun}", "network", noun, limit=cloud.page):
            if Marker.parse(one.description or ""):
                yield Sighting(f"openstack.{noun}", one.id, one.description)
    servers = cloud.listed("listing every server", "compute", "server", all_projects=True, limit=cloud.page)
    images = cloud.listed("listing every image", "image", "image", limit=cloud.page)
    for kind, found in (("openstack.server", servers), ("openstack.image", images)):
        for one in found:
            yield from (Sighting(kind, one.id, tag) for tag in one.tags or [] if Marker.parse(tag))
    for one in images:
        if Marker.parse(marker := marker_of(one)):
            yield Sighting("openstack.server_image", one.id, marker)


def _people(cloud: Cloud) -> Iterator[Sighting]:
    groups: dict[str, Marker] = {}
    for group in _of_domain(cloud, "group"):
        if marker := Marker.parse(group.description or ""):
            groups[group.id] = marker
            yield Sighting("openstack.group", group.id, str(marker))
    roles = {role.id: role.name for role in cloud.listed("listing the roles", "identity", "role")}
    for one in cloud.listed("listing what is granted", "identity", "role_assignment"):
        if one.group and one.group["id"] in groups and (project := one.scope.get("project")):
            role, group = roles.get(one.role["id"], one.role["id"]), one.group["id"]
            yield Sighting("openstack.grant", f"{project['id']} {role} {group}", str(_beside(groups[group], role)))
    for user in _of_domain(cloud, "user"):
        if marker := Marker.parse(user.description or ""):
            yield Sighting("openstack.user", user.id, str(marker))
            yield from _credentials(cloud, user.id, marker)


def _credentials(cloud: Cloud, user: str, marker: Marker) -> Iterator[Sighting]:
    doing = f"listing the credentials of {user}"
    for one in cloud.listed(doing, "identity", "application_credential", user=user):
        text = one.description if Marker.parse(one.description or "") else str(_beside(marker, one.name))
        yield Sighting("openstack.credential", f"{user} {one.id}", text)


def _of_domain(cloud: Cloud, noun: str) -> list[Any]:
    words = {"domain_id": cloud.domain_id(), "limit": cloud.page}
    return cloud.listed(f"listing every {noun}", "identity", noun, **words)


def _beside(marker: Marker, name: str) -> Marker:
    plain = re.sub(r"[^a-z0-9-]", "-", name.lower()).strip("-") or "unnamed"
    return Marker(marker.installation, marker.stack, f"{marker.name}-{plain}")
