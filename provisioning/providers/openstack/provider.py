"""One OpenStack: the towns' projects, and what they hold."""

from collections.abc import Iterator, Mapping

from provisioning.domain.handler import Handler, Sample
from provisioning.domain.observation import Sighting
from provisioning.domain.region import Platform
from provisioning.providers.openstack import census
from provisioning.providers.openstack.capacity import Capacity
from provisioning.providers.openstack.client.cloud import PAGE, Cloud
from provisioning.providers.openstack.client.errors import NotThere
from provisioning.providers.openstack.handlers.credential import CredentialHandler
from provisioning.providers.openstack.handlers.grant import GrantHandler
from provisioning.providers.openstack.handlers.group import GroupHandler
from provisioning.providers.openstack.handlers.image import ImageHandler
from provisioning.providers.openstack.handlers.network import NetworkHandler
from provisioning.providers.openstack.handlers.port import PortHandler
from provisioning.providers.openstack.handlers.project import ProjectHandler
from provisioning.providers.openstack.handlers.router import RouterHandler
from provisioning.providers.openstack.handlers.security_group import SecurityGroupHandler
from provisioning.providers.openstack.handlers.server import ServerHandler, console
from provisioning.providers.openstack.handlers.server_image import ServerImageHandler, taken
from provisioning.providers.openstack.handlers.subnet import SubnetHandler
from provisioning.providers.openstack.handlers.user import UserHandler
from provisioning.providers.openstack.marks import Marks


def open_platform(platform: Platform) -> "OpenStackProvider":
    """Nothing is read or called yet."""
    return OpenStackProvider(platform)


class OpenStackProvider:
    """Safe to keep across a fork: a connection is keyed by process. `page`: objects a page of a listing."""

    def __init__(self, platform: Platform, page: int = PAGE) -> None:
        self._cloud = Cloud(platform, page)
        self._capacity = Capacity(self._cloud, platform.sites)
        self._marks = Marks(self._cloud, platform.id)
        self.handlers: Mapping[str, Handler] = {
            "openstack.project": ProjectHandler(self._cloud),
            "openstack.user": UserHandler(self._cloud),
            "openstack.group": GroupHandler(self._cloud),
            "openstack.grant": GrantHandler(self._cloud),
            "openstack.credential": CredentialHandler(self._cloud),
            "openstack.network": NetworkHandler(self._cloud),
            "openstack.subnet": SubnetHandler(self._cloud),
            "openstack.router": RouterHandler(self._cloud, platform.external_network),
            "openstack.security_group": SecurityGroupHandler(self._cloud),
            "openstack.image": ImageHandler(self._cloud),
            "openstack.port": PortHandler(self._cloud),
            "openstack.server": ServerHandler(self._cloud),
            "openstack.server_image": ServerImageHandler(self._cloud),
        }

    def probe(self) -> None:
        """The portal's own project, which its password must be good for."""
        self._cloud.read("asking for the portal's project", lambda c: c.identity.get_project(c.current_project_id))

    def marks(self, after: str) -> list[str]:
        """Marks of this platform that sort after `after`."""
        return self._marks.after(after)

    def push_mark(self, mark: str) -> None:
        """Add one; repeating it changes nothing."""
        self._marks.push(mark)

    def census(self) -> Iterator[Sighting]:
        """Everything of the portal in its domain, and what Neutron holds for it."""
        return census.sightings(self._cloud)

    def capacity(self) -> list[Sample]:
        """`vcpus` and `ram_mib` by site."""
        return self._capacity.samples()

    def console(self, server: str, lines: int = 100) -> str:
        """What a machine wrote to its console; "" before its first word."""
        return console(self._cloud, server, lines)

    def sizes(self) -> list[tuple[str, int, int, int]]:
        """Of each flavor that everybody may use: name, vCPUs, MiB of memory, GiB of disk (0: the image's)."""
        found = self._cloud.listed("asking for the sizes of servers", "compute", "flavor", get_extra_specs=False)
        return [(one.name, one.vcpus, one.ram, one.disk) for one in found if one.is_public]

    def runs(self, server: str) -> bool:
        """It is there, and switched on."""
        try:
            found = self._cloud.read("asking for a machine", lambda c: c.compute.get_server(server))
        except NotThere:
            return False
        return bool(found.status == "ACTIVE")

    def taken(self, image: str) -> tuple[str, int, str] | None:
        """Of an image of a server: its format, bytes and SHA-512; None while the content comes."""
        return taken(self._cloud, image)

    def content(self, image: str) -> Iterator[bytes]:
        """An image's bytes, a MiB at a time."""
        return self._cloud.content(f"reading the image {image}", image)

    def health(self) -> list[str]:
        """Codes of the sites that are down."""
        return self._capacity.sites_down()
