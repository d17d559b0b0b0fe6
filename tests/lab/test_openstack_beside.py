"""The real OpenStack in the region file of a portal on the real Ceph: borrowed, named, and left as it was."""

from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from lab.marche import SITES
from lab.openstack.beside import Beside
from lab.openstack.cloud import OpenStack
from lab.system import Options
from provisioning.domain.region import parse_region
from provisioning.providers.openstack.provider import OpenStackProvider

CEPH = {
    "id": "ceph-marche", "provider": "ceph", "sites": ["an"], "endpoints": {"api": "http://127.0.0.1:1"},
    "credentials_file": "none", "queue": "ceph",
}  # fmt: skip


@pytest.fixture
def region_file(tmp_path: Path) -> Path:
    """As Ceph's start writes it, each time anew."""
    file = tmp_path / "region.yaml"
    document = {"installation": "mcloud", "sites": [asdict(site) for site in SITES], "platforms": [CEPH]}
    file.write_text(yaml.safe_dump(document))
    return file


def test_where_nobody_has_one_it_is_left_out(region_file: Path, tmp_path: Path) -> None:
    before = region_file.read_text()
    nobody = OpenStack(Options(base=tmp_path, folder=tmp_path / "openstack", fast_day_s=None, osd_gib=1))
    beside = Beside(tmp_path, nobody)
    assert not beside.announce(region_file)
    beside.forget()
    assert region_file.read_text() == before


@pytest.mark.real
@pytest.mark.openstack
def test_a_portal_has_a_domain_of_its_own_that_stays_until_it_is_forgotten(
    openstack_lab: OpenStack, region_file: Path, tmp_path: Path
) -> None:
    before, beside = region_file.read_text(), Beside(tmp_path, openstack_lab)
    names = []
    for _ in range(2):
        region_file.write_text(before)
        assert beside.announce(region_file)
        platform = next(one for one in parse_region(region_file.read_text()).platforms if one.id != "ceph-marche")
        provider = OpenStackProvider(platform)
        provider.probe()
        assert {sample.site for sample in provider.capacity()} == set(platform.sites)
        provider.push_mark(f"{platform.id}/000000000001-aaaaaaaaaaaa")
        names.append(platform.domain)
    assert names[0] == names[1]
    beside.forget()
    assert not list(openstack_lab.administrator().identity.domains(name=names[0]))
