"""The emulated cluster of a portal on the simulated region: started beside it, prepared once, named in its region
file.

It stands in Macerata alone: nobody tells which node is at which site, so a platform of Proxmox has one. Both towns
of the demo that have an owner are nearer to another site, and a reserve is never beside the town hall. Its guests
run nothing, and those made from an image that boots have an agent that answers.
"""

import json
import urllib.request
from pathlib import Path
from ssl import create_default_context
from typing import Any

import yaml

from lab.proxmox import runbook
from lab.proxmox.system import Proxmox
from lab.system import Options

CREDENTIALS = "portal-credentials.yaml"
ID, SITE, QUEUE = "proxmox-marche", "mc", "proxmox"
VMIDS = (5000, 99_999)
# What takes a second there takes a fifth of one here.
PACE = 0.2
# As OpenStack's half: what the slides say is free, 63 % of the nodes', rounded down. Disks are promised whole.
VCPUS, RAM_MIB, STORE_GIB = 120, 960 << 10, 10_240


class Cluster:
    """For the portal whose region stands in `folder`; everything of its own is in `proxmox` below it."""

    def __init__(self, folder: Path) -> None:
        self._system = Proxmox(Options(base=folder, folder=folder / "proxmox"), pace=PACE, inhabited=True)
        self._credentials = self._system.folder / CREDENTIALS

    def begin(self) -> None:
        """Started, not yet waited for. What was never prepared to its end is made again from nothing."""
        if not self._credentials.exists():
            self._system.down(keep=False)
        self._system.begin()

    def announce(self, region_file: Path) -> None:
        """Once it answers: into the region file, which each start of the region writes anew."""
        self._system.wait()
        if not self._credentials.exists():
            self._prepare()
        document: dict[str, Any] = yaml.safe_load(region_file.read_text())
        document["platforms"].append(self._platform())
        region_file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))

    def down(self, *, keep: bool) -> None:
        """Ended; its state stays where `keep`."""
        self._system.down(keep=keep)

    def _prepare(self) -> None:
        from proxmoxer import ProxmoxAPI  # half a second to load, needed the first time alone

        login = json.loads((self._system.folder / "credentials.json").read_text())
        outside = ProxmoxAPI(
            "127.0.0.1",
            port=self._system.port,
            user=login["user"],
            password=login["password"],
            verify_ssl=self._system.ca_file,
        )
        self._control("put", section="storages", id="shared", value={"total": STORE_GIB << 30})
        made = {"token_id": runbook.TOKEN, "token_secret": runbook.prepare(outside)}
        new = self._credentials.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(yaml.safe_dump(made))
        new.replace(self._credentials)

    def _control(self, verb: str, **given: Any) -> None:
        request = urllib.request.Request(f"{self._url}/control/{verb}", json.dumps(given).encode())
        request.add_header("Content-Type", "application/json")
        urllib.request.urlopen(request, timeout=10, context=create_default_context(cafile=self._system.ca_file))

    @property
    def _url(self) -> str:
        return f"https://127.0.0.1:{self._system.port}"

    def _platform(self) -> dict[str, Any]:
        return {
            "id": ID,
            "provider": "proxmox",
            "sites": [SITE],
            "endpoints": {"api": self._url},
            "ca_file": str(Path(self._system.ca_file).absolute()),
            "credentials_file": str(self._credentials.absolute()),
            "queue": QUEUE,
            "totals_by_site": {SITE: {"vcpus": VCPUS, "ram_mib": RAM_MIB, "storage_gib": STORE_GIB}},
            "overcommit": {},
            "vmid_range": list(VMIDS),
            "sdn_zone": runbook.ZONE,
            "maintenance": None,
        }
