"""The emulator that a run's tests share, in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.proxmox.system import Proxmox
from lab.system import Options
from tests.lab.proxmox.recorded import data_needed
from tests.lab.proxmox.wire import Wire


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Fifty times as fast as the real one where that one makes people wait."""
    if not data_needed():
        pytest.skip("the Proxmox project's schemas and recordings are not on this machine")
    folder: Path = tmp_path_factory.mktemp("proxmox")
    system = Proxmox(Options(base=folder, folder=folder / "proxmox"), pace=0.02)
    system.up()
    try:
        yield Wire(system.port, system.backup_port, system.ca_file)
    finally:
        system.down(keep=True)
