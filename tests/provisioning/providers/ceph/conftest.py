"""One platform in two bodies, the simulated region and a real cluster: what holds for one holds for the other."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from rgwadmin import RGWAdmin
from rgwadmin.exceptions import NoSuchUser

pytest.register_assert_rewrite("tests.provisioning.providers.battery")

from lab.fixtures import ceph_lab  # noqa: E402
from provisioning.domain.region import Platform  # noqa: E402
from provisioning.providers.ceph.provider import CephProvider  # noqa: E402
from tests.provisioning.providers.ceph.town import Town  # noqa: E402
from tests.provisioning.providers.simulated import platform_in, simulated_region  # noqa: E402

__all__ = ["ceph_lab", "simulated_region"]


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.real)])
def ceph_platform(request: pytest.FixtureRequest) -> Platform:
    """The platform under test."""
    if request.param == "simulated":
        return platform_in(request.getfixturevalue("simulated_region"), "ceph")
    return platform_in(request.getfixturevalue("ceph_lab").region_file, "ceph")


@pytest.fixture
def town(ceph_platform: Platform) -> Iterator[Town]:
    """Everything of its tenant is destroyed at the end, by the way that the portal itself refuses to go."""
    found = yaml.safe_load(Path(ceph_platform.credentials_file).read_text())
    server = ceph_platform.endpoints["api"].removeprefix("http://")
    outside = RGWAdmin(found["access_key"], found["secret_key"], server, secure=False)
    stack = f"t{os.getpid():x}-{uuid.uuid4().hex[:8]}"
    made = Town(ceph_platform, CephProvider(ceph_platform), stack, outside, found)
    yield made
    for role in ("owner", "writer", "restore", "probe"):
        try:
            outside.remove_user(uid=f"{made.tenant}${role}", purge_data=True)
        except NoSuchUser:
            continue
