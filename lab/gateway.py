"""The gateway of a lab's region: SFTP and WebDAV by rclone, beside whatever speaks S3 there.

Where rclone is not installed there is none, the region file names no endpoint of it, and the portal offers neither
protocol: `python -m lab install gateway` puts it in place.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from gateway.health import healthy
from gateway.hostkey import ensure
from lab import ports
from lab.deadline import wait_until
from lab.process import Daemons
from lab.registry import ROOT

PROTOCOLS = ("sftp", "webdav")
READY_S = 20


class Gateway:
    """Two processes of rclone; the host key and the ports stay for as long as the folder does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemons = Daemons(folder)

    @staticmethod
    def possible() -> bool:
        return shutil.which("rclone") is not None

    def up(self, endpoint: str, region: str) -> None:
        """For the S3 at `endpoint`; does nothing where it is not possible, or for what runs already."""
        if not self.possible():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        ensure(self._host_key)
        env = {**os.environ, "GATEWAY_ENDPOINT": endpoint, "GATEWAY_REGION": region}
        for protocol, address in self._addresses().items():
            words = ["serve", protocol, "--listen", address]
            words += ["--host-key", str(self._host_key)] if protocol == "sftp" else []
            self.daemons.spawn(protocol, [sys.executable, "-m", "gateway", *words], cwd=ROOT, env=env)
        wait_until("the gateway answers", self._ready, timeout_s=READY_S)

    def down(self) -> None:
        self.daemons.stop()

    def announce(self, region_file: Path) -> None:
        """Writes into the region file where the gateway is, and by which key it is known."""
        if not self.possible():
            return
        document: dict[str, Any] = yaml.safe_load(region_file.read_text())
        (platform,) = (one for one in document["platforms"] if one["provider"] == "ceph")
        addresses = self._addresses()
        platform["endpoints"] |= {"sftp": f"sftp://{addresses['sftp']}", "webdav": f"http://{addresses['webdav']}"}
        platform["sftp_host_key"] = ensure(self._host_key)
        new = region_file.with_suffix(".new")
        new.write_text(
            yaml.safe_dump(document, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
        )
        new.replace(region_file)

    def _ready(self) -> bool:
        self.daemons.check()
        return all(healthy(protocol, address) for protocol, address in self._addresses().items())

    @property
    def _host_key(self) -> Path:
        return self.folder / "host_key"

    def _addresses(self) -> dict[str, str]:
        """Chosen at the first start: people have them in their tools' configuration."""
        file = self.folder / "ports.json"
        if not file.exists():
            first = ports.free_block(len(PROTOCOLS))
            file.write_text(json.dumps({name: first + i for i, name in enumerate(PROTOCOLS)}))
        return {name: f"127.0.0.1:{port}" for name, port in json.loads(file.read_text()).items()}
