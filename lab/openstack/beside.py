"""The OpenStack that a person has up (`python -m lab up openstack`), in the region file of a portal on real Ceph.

It is borrowed and never started: it takes a minute and 1.8 GB, and whoever wants to see level 1 on a real cluster
should wait for neither. Its sites are its own two zones, beside Ceph's three: one takes any machine and starts
none, the other really boots. The portal's domain is its own, made at its first start and emptied when its data go.
"""

import json
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from lab.marche import EXTERNAL_NETWORK, Site
from lab.openstack.cloud import OpenStack
from lab.openstack.emptying import empty_domain
from lab.openstack.settings import REGION
from lab.system import State

CREDENTIALS = "openstack-credentials.yaml"
# By zone: the site, and what is promised of it. The fake host has any number, the other this machine's processors.
SITES = {
    "lab": (Site("lab", "Fermo", 43.160, 13.716, 2), {"vcpus": 64, "ram_mib": 128 << 10}),
    "qemu": (Site("qemu", "Ascoli Piceno", 42.854, 13.575, 2), {"vcpus": 4, "ram_mib": 2 << 10}),
}


class Beside:
    """For the portal whose region stands in `folder`."""

    def __init__(self, folder: Path, cloud: OpenStack) -> None:
        self.folder, self.cloud = folder, cloud
        self._file = folder / "openstack.json"

    def announce(self, region_file: Path) -> bool:
        """Writes it into the region file where it is up, or was when this portal first met it: then it is told as
        one that does not answer. False where it is left out.
        """
        state = self.cloud.status().state
        if state is State.ABSENT or (state is not State.HEALTHY and not self._file.exists()):
            return False
        kept = self._met() if state is State.HEALTHY else json.loads(self._file.read_text())
        login = {"username": "admin", "password": self.cloud.settings.passwords.admin, "project": "admin"}
        credentials = self.folder / CREDENTIALS
        credentials.touch(mode=0o600)
        credentials.write_text(yaml.safe_dump(login))
        document: dict[str, Any] = yaml.safe_load(region_file.read_text())
        document["sites"] += [asdict(SITES[zone][0]) for zone in kept["zones"]]
        document["platforms"].append(self._platform(kept, credentials))
        region_file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        return True

    def forget(self) -> None:
        """With all that the portal made there; where the cloud is not up, it stays until that goes."""
        if self._file.exists() and self.cloud.status().state is State.HEALTHY:
            outside, name = self.cloud.administrator(), json.loads(self._file.read_text())["domain"]
            for domain in list(outside.identity.domains(name=name)):
                empty_domain(outside, domain)

    def _met(self) -> dict[str, Any]:
        """The portal's domain, there from now on, and the zones that there are."""
        outside = self.cloud.administrator()
        kept = {"domain": f"elaastic-{secrets.token_hex(4)}"}
        if self._file.exists():
            kept = json.loads(self._file.read_text())
        if not list(outside.identity.domains(name=kept["domain"])):
            outside.identity.create_domain(name=kept["domain"])
        zones = {one.availability_zone for one in outside.compute.services(binary="nova-compute")}
        found = {**kept, "zones": [zone for zone in SITES if zone in zones]}
        self._file.write_text(json.dumps(found))
        return found

    def _platform(self, kept: dict[str, Any], credentials: Path) -> dict[str, Any]:
        return {
            "id": "openstack-marche",
            "provider": "openstack",
            "sites": kept["zones"],
            "endpoints": {"api": self.cloud.url},
            "region": REGION,
            "ca_file": None,
            "credentials_file": str(credentials.absolute()),
            "queue": "openstack",
            "totals_by_site": {zone: SITES[zone][1] for zone in kept["zones"]},
            "overcommit": {},
            "domain": kept["domain"],
            "external_network": EXTERNAL_NETWORK,
            "maintenance": None,
        }
