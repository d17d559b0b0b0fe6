"""What the simulated region is made of: sites, capacity, placement targets; the figures are the slides'."""

from dataclasses import dataclass

from lab.marche import SITES, TARGETS, Site, Target

GIB = 1 << 30
# The slides: 24 TB of backup pool and 96 TB of storage over three sites; 120e12 / 3 bytes are 37,252 GiB a site.
SITE_GIB = 37_252
# The slides: 970 cores and 4,976 GB of memory in all. Half of them are OpenStack's here, on four hosts a site: 480
# cores and 2,304 GiB.
HOSTS_A_SITE, HOST_VCPUS, HOST_RAM_MIB = 4, 40, 192 << 10
# The slides: 63 % is free. That much of a site's hosts is promised to towns, rounded down.
SITE_VCPUS, SITE_RAM_MIB = 100, 480 << 10


@dataclass(frozen=True)
class Shape:
    """The region, fixed for the life of the process; every site has the same storage."""

    sites: tuple[Site, ...]
    targets: tuple[Target, ...]
    site_gib: int
    hosts_a_site: int = HOSTS_A_SITE
    host_vcpus: int = HOST_VCPUS
    host_ram_mib: int = HOST_RAM_MIB

    @property
    def total_gib(self) -> int:
        return self.site_gib * len(self.sites)

    def target(self, name: str) -> Target | None:
        return next((target for target in self.targets if target.id == name), None)


MARCHE = Shape(SITES, TARGETS, SITE_GIB)
