"""An emulated cluster that the runbook has prepared: a role for towns, a user and a token for the portal, a zone
for its networks, a firewall that is switched on.
"""

import json
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.provisioning.providers.battery")

from lab.proxmox import runbook  # noqa: E402
from provisioning.domain.region import Platform  # noqa: E402
from provisioning.providers.proxmox.provider import ProxmoxProvider  # noqa: E402
from tests.lab.proxmox.clients import backup_root, ended, fresh, root  # noqa: E402
from tests.lab.proxmox.running import emulator  # noqa: E402
from tests.lab.proxmox.wire import Wire  # noqa: E402
from tests.provisioning.providers.proxmox.town import STORE, VMIDS, Town  # noqa: E402

__all__ = ["emulator"]


@pytest.fixture
def town(emulator: Wire, tmp_path: Path) -> Town:
    fresh(emulator)
    outside = root(emulator)
    mine = {"token_id": runbook.TOKEN, "token_secret": runbook.prepare(outside)}
    credentials = tmp_path / "credentials.yaml"
    beside = _backup_server(emulator)
    credentials.write_text(json.dumps({**mine, "backup_token_id": "portal@pbs!svc", "backup_token_secret": beside}))
    platform = Platform(
        id="pve-an",
        provider="proxmox",
        sites=("an",),
        endpoints={
            "api": f"https://127.0.0.1:{emulator.port}",
            "backup": f"https://127.0.0.1:{emulator.backup_port}",
        },
        credentials_file=str(credentials),
        queue="pve-an",
        ca_file=emulator.ca_file,
        vmid_range=VMIDS,
        sdn_zone=runbook.ZONE,
    )
    return Town(platform, ProxmoxProvider(platform), outside, emulator, tmp_path)


def _backup_server(emulator: Wire) -> str:
    """A datastore, and the portal's token on it; its secret."""
    outside = backup_root(emulator)
    ended(outside, outside.config.datastore.post(name=STORE, path="/srv/towns"), "pbs")
    outside.access.users.post(userid="portal@pbs")
    made = outside.access.users("portal@pbs").token("svc").post()
    for who in ("portal@pbs", "portal@pbs!svc"):
        outside.access.acl.put(path="/", role="Admin", **{"auth-id": who})
    return str(made["value"])
