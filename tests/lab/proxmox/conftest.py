"""An emulator of this session's own, and all recorded exchanges played once against it."""

import pytest

from tests.lab.proxmox.recorded import Place
from tests.lab.proxmox.replay import Played, play
from tests.lab.proxmox.running import emulator
from tests.lab.proxmox.wire import Wire

__all__ = ["emulator"]


@pytest.fixture(scope="module")
def played(emulator: Wire) -> dict[Place, Played]:
    return play(emulator)
