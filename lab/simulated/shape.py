"""What the simulated region is made of: sites, capacity, placement targets; the figures are the slides'."""

from dataclasses import dataclass

from lab.marche import SITES, TARGETS, Site, Target

GIB = 1 << 30
# The slides: 24 TB of backup pool and 96 TB of storage over three sites; 120e12 / 3 bytes are 37,252 GiB a site.
SITE_GIB = 37_252


@dataclass(frozen=True)
class Shape:
    """The region, fixed for the life of the process; every site has the same storage."""

    sites: tuple[Site, ...]
    targets: tuple[Target, ...]
    site_gib: int

    @property
    def total_gib(self) -> int:
        return self.site_gib * len(self.sites)

    def target(self, name: str) -> Target | None:
        return next((target for target in self.targets if target.id == name), None)


MARCHE = Shape(SITES, TARGETS, SITE_GIB)
