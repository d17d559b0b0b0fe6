"""One Proxmox VE cluster: pools, identities and grants of the towns, and what runs in them."""

from collections.abc import Iterator, Mapping
from functools import partial

from provisioning.domain.handler import Handler, Sample
from provisioning.domain.observation import Sighting
from provisioning.domain.region import Platform
from provisioning.providers.proxmox import census, guests
from provisioning.providers.proxmox.agent import Agent
from provisioning.providers.proxmox.backup import server
from provisioning.providers.proxmox.backup.guest_backup import KIND as GUEST_BACKUP
from provisioning.providers.proxmox.backup.guest_backup import GuestBackupHandler
from provisioning.providers.proxmox.capacity import Capacity
from provisioning.providers.proxmox.client import credentials
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.credentials import Credentials
from provisioning.providers.proxmox.handlers.grant import GrantHandler
from provisioning.providers.proxmox.handlers.guest import GuestHandler
from provisioning.providers.proxmox.handlers.image import ImageHandler
from provisioning.providers.proxmox.handlers.network import NetworkHandler
from provisioning.providers.proxmox.handlers.pool import PoolHandler
from provisioning.providers.proxmox.handlers.snapshot import SnapshotHandler
from provisioning.providers.proxmox.handlers.token import TokenHandler
from provisioning.providers.proxmox.handlers.user import UserHandler
from provisioning.providers.proxmox.marks import Marks
from provisioning.providers.proxmox.nodes import Nodes
from provisioning.providers.proxmox.numbers import Numbers

# All that a network's name has room for.
_NETWORKS = (1, 9_999_999)


def open_platform(platform: Platform) -> "ProxmoxProvider":
    """Nothing is read or called yet."""
    return ProxmoxProvider(platform)


class ProxmoxProvider:
    """Safe to keep across a fork: a connection is keyed by process."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._read: dict[str, Credentials] = {}
        self._api = Api(platform.endpoints["api"], self._credentials, platform.ca_file)
        beside = platform.endpoints.get("backup", "")
        self._backup = Api(beside, partial(self._credentials, "backup_"), platform.ca_file, "PBS")
        self._capacity = Capacity(self._api, platform.sites)
        self._marks = Marks(self._api, platform.id)
        vmids = Numbers(platform.id, "VMID", *(platform.vmid_range or (0, 0)))
        self._copies = GuestBackupHandler(self._api, self._backup, platform.backup_storage)
        networks = Numbers(platform.id, "network", *_NETWORKS)
        self.handlers: Mapping[str, Handler] = {
            "proxmox.pool": PoolHandler(self._api),
            "proxmox.user": UserHandler(self._api),
            "proxmox.grant": GrantHandler(self._api),
            "proxmox.token": TokenHandler(self._api),
            "proxmox.network": NetworkHandler(self._api, platform.sdn_zone, networks),
            "proxmox.image": ImageHandler(self._api),
            "proxmox.guest": GuestHandler(self._api, vmids),
            "proxmox.snapshot": SnapshotHandler(self._api),
            GUEST_BACKUP: self._copies,
            **server.handlers(self._backup),
        }

    def probe(self) -> None:
        """The version, which a token must be good for."""
        self._api.shown("asking for the version", "version")

    def marks(self, after: str) -> list[str]:
        """Marks of this platform that sort after `after`."""
        return self._marks.after(after)

    def push_mark(self, mark: str) -> None:
        """Add one; repeating it changes nothing."""
        self._marks.push(mark)

    def census(self) -> Iterator[Sighting]:
        """Everything that the portals of all installations have on this cluster, and on the server beside it."""
        yield from census.sightings(self._api)
        if "backup" in self._platform.endpoints:
            yield from server.sightings(self._backup)
            if self._platform.backup_storage:
                yield from self._copies.sightings()

    def capacity(self) -> list[Sample]:
        """`vcpus`, `ram_mib` and `storage_gib` of the one site."""
        return self._capacity.samples()

    @property
    def agent(self) -> Agent:
        """Who answers inside a guest."""
        return Agent(self._api)

    def stores(self) -> list[tuple[str, frozenset[str], int]]:
        """Name, content and free bytes of each storage that every node has."""
        return Nodes.read(self._api).stores()

    def runs(self, server: str) -> bool:
        """Asked of its node; False for one that is gone."""
        guest = guests.find(self._api, int(server))
        return guest is not None and guest.runs(self._api)

    def taken(self, image: str) -> tuple[str, int, str]:
        """Of a backup of a guest: its form, bytes, and no sum."""
        return self._copies.taken(image)

    def content(self, image: str) -> Iterator[bytes]:
        """Its disk's bytes, a MiB at a time."""
        return self._copies.content(image)

    def health(self) -> list[str]:
        """Codes of the sites that are down."""
        return self._capacity.sites_down()

    def _credentials(self, head: str = "") -> Credentials:
        """Read once it is good; a bad file is read again, so that mending it is enough."""
        if head not in self._read:
            self._read[head] = credentials.read(self._platform.credentials_file, head)
        return self._read[head]
