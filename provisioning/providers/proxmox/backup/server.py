"""One Backup Server, beside a cluster: its handlers, and every object of the portal on it."""

from collections.abc import Iterator, Mapping

from provisioning.domain.handler import Handler
from provisioning.domain.names import Marker
from provisioning.domain.observation import Sighting
from provisioning.providers.proxmox.backup.grant import GrantHandler, granted
from provisioning.providers.proxmox.backup.identity import TokenHandler, UserHandler, users
from provisioning.providers.proxmox.backup.job import ACTIONS, JobHandler
from provisioning.providers.proxmox.backup.namespace import NamespaceHandler, listed, marker_of
from provisioning.providers.proxmox.client.api import Api


def handlers(api: Api) -> Mapping[str, Handler]:
    """By kind."""
    return {
        "proxmox.backup_namespace": NamespaceHandler(api),
        "proxmox.backup_user": UserHandler(api),
        "proxmox.backup_token": TokenHandler(api),
        "proxmox.backup_grant": GrantHandler(api),
        "proxmox.backup_job": JobHandler(api),
    }


def sightings(api: Api) -> Iterator[Sighting]:
    """Of all installations on this server. A call a kind, and one a datastore."""
    holders: dict[str, Marker] = {}
    for id, user in users(api).items():
        if mine := _marker(user):
            holders[id] = mine
            yield Sighting("proxmox.backup_user", id, str(mine))
            for token in user.get("tokens") or []:
                his = holders[str(token["tokenid"])] = _marker(token) or mine
                yield Sighting("proxmox.backup_token", str(token["tokenid"]), str(his))
    for one in granted(api):
        if holder := holders.get(str(one["ugid"])):
            id = f"{one['path']} {one['roleid']} {one['ugid']}"
            beside = Marker(holder.installation, holder.stack, f"{holder.name}-grant")
            yield Sighting("proxmox.backup_grant", id, str(beside))
    for action in ACTIONS:
        for job in api.listed(f"listing {action} jobs", f"config/{action}"):
            if mine := _marker(job):
                yield Sighting("proxmox.backup_job", f"{action} {job['id']}", str(mine))
    for store in api.listed("listing the datastores", "admin/datastore"):
        for namespace in listed(api, str(store["store"])):
            if mine := marker_of(namespace):
                yield Sighting("proxmox.backup_namespace", f"{store['store']}:{namespace}", str(mine))


def _marker(thing: Mapping[str, object]) -> Marker | None:
    return Marker.parse(str(thing.get("comment") or ""))
