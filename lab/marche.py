"""The region that both labs are, real and simulated: its sites, where copies go, the sizes of its servers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """A data centre; `code` is its CRUSH name, latitude and longitude are degrees."""

    code: str
    name: str
    lat: float
    lon: float
    seismic_zone: int


@dataclass(frozen=True)
class Target:
    """A placement target, with a CRUSH rule and two pools of the same name: one copy in each of its sites."""

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
        """Bucket indexes, and the parts of uploads not yet complete (RGW's extra pool)."""
        return f"marche.{self.id}.index"

    @property
    def min_copies(self) -> int:
        """Sites that must be up for a bucket to be read and written: the pool's min_size."""
        return max(1, self.copies - 1)


SITES = (
    Site("an", "Ancona", 43.617, 13.517, 2),
    Site("pu", "Pesaro", 43.910, 12.913, 2),
    Site("mc", "Macerata", 43.300, 13.453, 2),
)
SITE_CODES = tuple(site.code for site in SITES)

# OpenStack's: the way out of the towns' networks, and the sizes of their servers (MiB, virtual CPUs, GiB).
EXTERNAL_NETWORK = "public"
FLAVORS = {
    "dr.small": (256, 1, 1),
    "dr.medium": (2048, 2, 20),
    "dr.large": (8192, 4, 80),
    # What towns ask for; a disk as large as the image.
    **{
        f"dr.{vcpus}x{ram}": (ram, vcpus, 0)
        for ram, counts in (
            (512, (1,)),
            (1024, (1,)),
            (2048, (1, 2)),
            (4096, (1, 2, 4)),
            (8192, (2, 4)),
            (16384, (4, 8)),
        )
        for vcpus in counts
    },
    "dr.xlarge": (32_768, 8, 320),
}

# A bucket that names none gets the first.
TARGETS = (
    Target("three-sites", ("an", "pu", "mc")),
    Target("two-sites-an-pu", ("an", "pu")),
    Target("two-sites-an-mc", ("an", "mc")),
    Target("two-sites-pu-mc", ("pu", "mc")),
)
