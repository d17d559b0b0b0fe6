"""The emulated cluster of `make up`: prepared once, named in the region file, kept over restarts, inhabited."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from proxmoxer import ProxmoxAPI, ResourceException

from lab.marche import SITES
from lab.proxmox.beside import CREDENTIALS, Cluster
from provisioning.domain.region import Platform, parse_region
from provisioning.providers.proxmox.provider import ProxmoxProvider
from tests.lab.proxmox.clients import ended
from tests.provisioning.operations import forge


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    try:
        yield made
    finally:
        made.down(keep=False)
        assert not (tmp_path / "proxmox").exists()


def _started(cluster: Cluster, folder: Path) -> Platform:
    """As each `make up` does it, on a region file that was just written anew."""
    file = folder / "region.yaml"
    file.write_text(
        yaml.safe_dump({"installation": "mcloud", "sites": [asdict(s) for s in SITES], "platforms": []})
    )
    cluster.begin()
    cluster.announce(file)
    (found,) = parse_region(file.read_text()).platforms
    return found


def test_it_is_prepared_once_kept_over_restarts_and_begun_anew_when_its_preparation_broke_off(
    cluster: Cluster, tmp_path: Path
) -> None:
    first = _started(cluster, tmp_path)
    ProxmoxProvider(first).push_mark(f"{first.id}/000000000001-aaaaaaaaaaaa")
    promised = first.totals_by_site["mc"]
    there = {one.resource: one.total for one in ProxmoxProvider(first).capacity()}
    assert promised.keys() == there.keys() and all(promised[name] <= there[name] for name in promised)
    cluster.down(keep=True)
    again = _started(cluster, tmp_path)
    assert again == first
    assert ProxmoxProvider(again).marks("") == [f"{first.id}/000000000001-aaaaaaaaaaaa"]
    cluster.down(keep=True)
    (tmp_path / "proxmox" / CREDENTIALS).unlink()
    assert ProxmoxProvider(_started(cluster, tmp_path)).marks("") == []


def test_a_guest_answers_when_its_image_is_one_that_boots(cluster: Cluster, tmp_path: Path) -> None:
    platform = _started(cluster, tmp_path)
    api = _portal(platform)
    api.pools.post(poolid="town")
    for vmid, (name, content, answers) in enumerate(
        (("boots.raw", forge.raw(1), True), ("other.raw", bytes(2**20), False)), start=platform.vmid_range[0]
    ):
        (tmp_path / name).write_bytes(content)
        with (tmp_path / name).open("rb") as file:
            upload = api.nodes("pve1").storage("shared").upload.post(content="import", filename=file)
        assert ended(api, upload) == "OK"
        disk = f"shared:0,import-from=shared:import/{name}"
        made = api.nodes("pve1").qemu.post(vmid=vmid, pool="town", memory=64, cores=1, agent=1, scsi0=disk)
        assert ended(api, made) == "OK"
        guest = api.nodes("pve1").qemu(vmid)
        assert ended(api, guest.status.start.post()) == "OK"
        if answers:
            assert guest.agent.ping.post() == {"result": {}}
        else:
            with pytest.raises(ResourceException, match="not running"):
                guest.agent.ping.post()


def _portal(platform: Platform) -> Any:
    """By the portal's own token."""
    kept = yaml.safe_load(Path(platform.credentials_file).read_text())
    user, _, name = kept["token_id"].partition("!")
    return ProxmoxAPI(
        "127.0.0.1", port=int(platform.endpoints["api"].rpartition(":")[2]), user=user, token_name=name,
        token_value=kept["token_secret"], verify_ssl=platform.ca_file, timeout=60,
    )  # fmt: skip
