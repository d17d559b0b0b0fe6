"""What the cluster says of its sites: totals, use, health, and whether the placement targets are there."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.handler import Sample
from provisioning.domain.region import PlacementTarget
from provisioning.providers.ceph.client.errors import CEPH
from provisioning.providers.ceph.client.mon import Mon

KIB_IN_GIB: Final = 2**20
# Ceph's default near-full ratio: beyond it the cluster warns, and rebalancing after a loss may have no room.
NEAR_FULL: Final = 0.85


@dataclass(frozen=True)
class Osd:
    """One disk of a site."""

    id: int
    site: str
    up: bool


@dataclass(frozen=True)
class Capacity:
    """Sites are CRUSH datacenters of the same code."""

    mon: Mon
    sites: tuple[str, ...]

    def samples(self) -> list[Sample]:
        """Storage by site in GiB (2^30): usable total below near-full, and raw use, rounded against us."""
        osds = self._osds()
        total, used = defaultdict[str, int](int), defaultdict[str, int](int)
        by_id = {osd.id: osd.site for osd in osds}
        for row in _rows(self.mon.command("osd df"), "nodes", "osd df"):
            if site := by_id.get(row.get("id", -1)):
                total[site] += int(row["kb"])
                used[site] += int(row["kb_used"])
        return [
            Sample(
                site,
                "storage_gib",
                total=int(total[site] * NEAR_FULL) // KIB_IN_GIB,
                used=-(-used[site] // KIB_IN_GIB),
            )
            for site in self.sites
            if site in total
        ]

    def sites_down(self) -> list[str]:
        """Sites of which no disk is up, in the region file's order; one that CRUSH does not know is down."""
        up = {osd.site for osd in self._osds() if osd.up}
        return [site for site in self.sites if site not in up]

    def missing(self, targets: Iterable[PlacementTarget]) -> list[str]:
        """Targets without a CRUSH rule of their name: by the runbook each has one, and its pools are on it."""
        found = {"rules": self.mon.command("osd crush rule dump")}
        rules = {row.get("rule_name") for row in _rows(found, "rules", "osd crush rule dump")}
        return [target.id for target in targets if target.id not in rules]

    def _osds(self) -> list[Osd]:
        nodes = {row["id"]: row for row in _rows(self.mon.command("osd tree"), "nodes", "osd tree")}
        centres = [row for row in nodes.values() if row.get("type") == "datacenter"]
        return [
            Osd(leaf["id"], centre["name"], leaf.get("status") == "up")
            for centre in centres
            for leaf in _leaves(centre, nodes)
        ]


def _leaves(node: Mapping[str, Any], nodes: Mapping[int, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    if node.get("type") == "osd":
        yield node
    for child in node.get("children", ()):
        if child in nodes:
            yield from _leaves(nodes[child], nodes)


def _rows(found: Any, name: str, what: str) -> list[dict[str, Any]]:
    if not isinstance(found, dict) or not isinstance(found.get(name), list):
        raise CEPH.unusable(f"asking the mons for `{what}`", f"lacks {name}")
    return list(found[name])
