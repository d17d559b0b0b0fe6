"""A backup of a guest, brought up and taken down by the engine, with one thing wrong: a death at each place, a bad
or a lost answer at each call to the cluster or to the Backup Server. There is one, and in the end none.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.domain.conditions import State
from provisioning.engine import reconciler
from provisioning.models import Resource
from provisioning.providers.proxmox.client import api
from provisioning.services import capacity, stacks
from provisioning.services.surroundings import provider
from tests.provisioning.providers.proxmox.backed import Copies, guest, with_backups
from tests.provisioning.providers.proxmox.machine import approve, desired, states, work, write_region
from tests.provisioning.providers.proxmox.test_proxmox_struck import TABLES
from tests.provisioning.providers.proxmox.town import Town

pytestmark = pytest.mark.django_db(transaction=True)
# Of each table `make test` plays every so many'th case, `make test-deep` every fourth.
PART, MOST = 10, 200
DEEP = [pytest.param(PART, id="some"), pytest.param(4, id="more", marks=pytest.mark.deep)]


@pytest.fixture
def region(town: Town, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr(api, "POLL_S", 0.02)
    # A longer one than a task's is left to `work`, which lets the time pass.
    monkeypatch.setattr(reconciler, "SHORT_WAIT", timedelta(seconds=0.1))
    settings.REGION_FILE = tmp_path / "region.yaml"
    backed = with_backups(town)
    write_region(backed.platform, settings.REGION_FILE)
    capacity.load_totals()
    return backed


@pytest.mark.parametrize("part", DEEP)
@pytest.mark.parametrize("table", TABLES)
def test_there_is_one_and_in_the_end_none(region: Town, table: str, part: int) -> None:
    """Until nothing is met any more: the work is over before its turn comes."""
    vmid = guest(region, content=b"a disk " * 2**10)
    for going_down in (False, True):
        for at in range(part // 2, MOST, part):
            if not _played(region, vmid, f"town{going_down:d}{at}", TABLES[table](at), down=going_down):
                break
        assert at > part // 2  # one at least was met


def _played(region: Town, vmid: str, stack: str, wrong: Any, *, down: bool) -> list[str]:
    """What was struck."""
    stacks.create_stack(stack)
    met: list[str] = []
    for going_down in (False, True):
        approve(stack, *(() if going_down else (desired("copy", "guest_backup", guest=vmid),)))
        if going_down is down:
            with wrong as met:
                work(stack)
        work(stack)
        assert set(states(stack).values()) <= {State.READY}, (met, states(stack))
        seen = [one for one in provider("pve-an").census() if one.kind == "proxmox.guest_backup"]  # type: ignore[union-attr]
        rows = Resource.objects.exclude(state=State.GONE).filter(stack__key=stack)
        assert [one.external_id for one in seen] == [row.external_id for row in rows], met
        assert len(Copies(region).all()) == (0 if going_down else 1), met
    return met
