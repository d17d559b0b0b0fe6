"""What the simulated region is made of: sites, capacity, placement targets; the figures are the slides'."""

from dataclasses import dataclass

GIB = 1 << 30
# The slides: 24 TB of backup pool and 96 TB of storage over three sites; 120e12 / 3 bytes are 37,252 GiB a site.
SITE_GIB = 37_252


@dataclass(frozen=True)
class Site:
    """A data centre; latitude and longitude in degrees."""

    code: str
    name: str
    lat: float
    lon: float
    seismic_zone: int
    storage_gib: int


@dataclass(frozen=True)
class Target:
    """A placement target: one copy in each of its sites; a bucket that names none gets the first."""

    id: str
    sites: tuple[str, ...]

    @property
    def copies(self) -> int:
        return len(self.sites)

    @property
    def data_pool(self) -> str:
        return f"marche.{self.id}.data"

    @property
    def index_pool(self) -> str:
        """Listings, and the parts of unfinished uploads."""
        return f"marche.{self.id}.index"

    @property
    def min_copies(self) -> int:
        """Sites that must be up for the bucket to be read and written: the pool's min_size."""
        return max(1, self.copies - 1)


@dataclass(frozen=True)
class Shape:
    """The region, fixed for the life of the process."""

    sites: tuple[Site, ...]
    targets: tuple[Target, ...]

    def target(self, name: str) -> Target | None:
        return next((target for target in self.targets if target.id == name), None)


MARCHE = Shape(
    sites=(
        Site("an", "Ancona", 43.617, 13.517, 2, SITE_GIB),
        Site("pu", "Pesaro", 43.910, 12.913, 2, SITE_GIB),
        Site("mc", "Macerata", 43.300, 13.453, 2, SITE_GIB),
    ),
    targets=(
        Target("three-sites", ("an", "pu", "mc")),
        Target("two-sites-an-pu", ("an", "pu")),
        Target("two-sites-an-mc", ("an", "mc")),
        Target("two-sites-pu-mc", ("pu", "mc")),
    ),
)
