"""What the cloud's compute hosts say, by site: a site is the availability zone of the same code."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from provisioning.domain.handler import Sample
from provisioning.providers.openstack.client.cloud import Cloud


@dataclass(frozen=True)
class Capacity:
    """Real processors and memory, without overcommit: those factors are the region file's."""

    cloud: Cloud
    sites: tuple[str, ...]

    def samples(self) -> list[Sample]:
        """`vcpus` and `ram_mib` of each site that has a host; hosts of other zones are not ours to promise."""
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        zones = {row.host: row.availability_zone for row in self._services()}
        for host in self._hypervisors():
            site = zones.get(host.service_details["host"], "")
            for resource, total, used in (
                ("vcpus", host.vcpus, host.vcpus_used),
                ("ram_mib", host.memory_size, host.memory_used),
            ):
                sums[site, resource][0] += int(total)
                sums[site, resource][1] += int(used)
        return [
            Sample(site, resource, total=total, used=used)
            for (site, resource), (total, used) in sorted(sums.items())
            if site in self.sites
        ]

    def sites_down(self) -> list[str]:
        """Sites without a compute host that reports, in the region file's order."""
        up = {row.availability_zone for row in self._services() if row.state == "up"}
        return [site for site in self.sites if site not in up]

    def _services(self) -> list[Any]:
        return self.cloud.listed("asking for the compute services", "compute", "service", binary="nova-compute")

    def _hypervisors(self) -> list[Any]:
        return self.cloud.listed("asking for the compute hosts", "compute", "hypervisor", details=True)
