"""Away from the Proxmox project's files the emulator works, checks less, and says so."""

from pathlib import Path

import pytest

from lab.proxmox import schema
from lab.proxmox.system import Proxmox
from lab.system import Options
from tests.lab.proxmox.clients import backup_root, ended, fresh, root
from tests.lab.proxmox.wire import Wire


def test_it_works_without_the_schemas_and_says_what_it_does_not_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(schema.VARIABLE, str(tmp_path / "nowhere"))
    system = Proxmox(Options(base=tmp_path, folder=tmp_path / "proxmox"), pace=0.02)
    system.up()
    try:
        assert "NOT checked" in system.status().message
        wire = Wire(system.port, system.backup_port, system.ca_file)
        fresh(wire)
        api = root(wire)
        api.pools.post(poolid="town")
        vm = api.nodes("pve1").qemu
        assert ended(api, vm.post(vmid=100, pool="town", memory=64, cores=2, scsi0="shared:1")) == "OK"
        assert ended(api, vm(100).status.start.post()) == "OK"
        assert api.cluster.resources.get(type="vm")[0]["pool"] == "town"
        pbs = backup_root(wire)
        assert ended(pbs, pbs.config.datastore.post(name="ds1", path="/srv/ds1"), "pbs") == "OK"
        assert pbs.admin.datastore("ds1").status.get()["used"] == 0
    finally:
        system.down(keep=False)
