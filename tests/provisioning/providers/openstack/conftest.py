"""One cloud in two bodies, the simulated region and the lab's OpenStack: what holds for one holds for the other.
Each module has a domain of its own in it.
"""

import json
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml

pytest.register_assert_rewrite("tests.provisioning.providers.battery")

from lab.fixtures import TEST_BASE, openstack_lab  # noqa: E402
from lab.marche import EXTERNAL_NETWORK  # noqa: E402
from lab.openstack.cloud import OpenStack  # noqa: E402
from lab.openstack.emptying import empty_domain  # noqa: E402
from provisioning.domain.region import Platform  # noqa: E402
from provisioning.providers.openstack.client.cloud import Cloud  # noqa: E402
from provisioning.providers.openstack.provider import OpenStackProvider  # noqa: E402
from tests.provisioning.providers.openstack.town import Town  # noqa: E402
from tests.provisioning.providers.simulated import platform_in, simulated_region  # noqa: E402

__all__ = ["openstack_lab", "simulated_region"]

# Seconds: a test waits for less than a person in a demo would notice.
MOMENT_S = 0.2
REAL = pytest.param("real", marks=[pytest.mark.real, pytest.mark.openstack])


@dataclass(frozen=True)
class Body:
    """A cloud under contract. `site` has compute hosts with `vcpus` processors together; a reserve may be in any of
    `zones`; `outside` signs its administrator in; `lasts`: what is made in it is there after this run.
    """

    name: str
    url: str
    login: Mapping[str, str]
    site: str
    vcpus: int
    zones: tuple[str, ...]
    outside: Callable[[], Any]
    lasts: bool


@pytest.fixture(scope="session", params=["simulated", REAL])
def body(request: pytest.FixtureRequest) -> Body:
    if request.param == "simulated":
        return _simulated(request.getfixturevalue("simulated_region"))
    lab: OpenStack = request.getfixturevalue("openstack_lab")
    login = {"username": "admin", "password": lab.settings.passwords.admin, "project": "admin"}
    # The lab's fake host is in a zone of its own; its figures are fixed by Nova's fake driver.
    return Body(
        "real",
        lab.url,
        login,
        "lab",
        1000,
        ("lab", "qemu"),
        lab.administrator,
        lasts=lab.folder.parent != TEST_BASE,
    )


def _simulated(region: Path) -> Body:
    ceph, shown = (platform_in(region, name) for name in ("ceph", "openstack"))
    body = json.dumps({"seconds": MOMENT_S}).encode()
    urllib.request.urlopen(f"{ceph.endpoints['api']}/control/moment", data=body).close()
    login = yaml.safe_load(Path(shown.credentials_file).read_text())
    url = shown.endpoints["api"]
    return Body("simulated", url, login, "an", 160, ("pu", "mc"), lambda: _administrator(url, login), lasts=False)


def _administrator(url: str, login: Mapping[str, str]) -> Any:
    who = {"username": login["username"], "password": login["password"], "project_name": login["project"]}
    where = {
        "auth_url": url,
        "user_domain_name": "Default",
        "project_domain_name": "Default",
        "region_name": "marche",
    }
    return openstack.connect(load_yaml_config=False, load_envvars=False, **who, **where)


def platform(
    folder: Path, url: str, login: str | Mapping[str, str], *, region: str = "", sites: tuple[str, ...] = ()
) -> Platform:
    """With its credentials file in `folder`; `login` is the password of an `admin`, or all that the file has."""
    file = folder / "openstack-credentials.yaml"
    admin = {"username": "admin", "password": login, "project": "admin"}
    file.write_text(yaml.safe_dump(admin if isinstance(login, str) else dict(login)))
    return Platform(
        id="openstack-marche",
        provider="openstack",
        sites=sites,
        endpoints={"api": url},
        credentials_file=str(file),
        queue="openstack",
        region=region,
    )


@pytest.fixture
def ceph_beside(request: pytest.FixtureRequest, body: Body) -> Path:
    """The region file of a Ceph of the same body."""
    if body.name == "simulated":
        return Path(request.getfixturevalue("simulated_region"))
    return Path(request.getfixturevalue("ceph_lab").region_file)


@pytest.fixture
def cloud(body: Body, tmp_path: Path) -> Cloud:
    return Cloud(platform(tmp_path, body.url, body.login, region="marche"))


@pytest.fixture(scope="module")
def openstack_platform(body: Body, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The domain, and all that is in it, goes at the end; where the whole cloud does, not before it."""
    outside = body.outside()
    domain = outside.identity.create_domain(name=f"portal-{uuid.uuid4().hex[:8]}")
    shown = platform(tmp_path_factory.mktemp("region"), body.url, body.login, region="marche", sites=("an",))
    yield replace(shown, domain=domain.name, external_network=EXTERNAL_NETWORK)
    if body.lasts:
        empty_domain(outside, domain)


@pytest.fixture(scope="module")
def openstack_provider(openstack_platform: Platform) -> OpenStackProvider:
    """One for a module: it signs in once."""
    return OpenStackProvider(openstack_platform)


@pytest.fixture(scope="module")
def outside(body: Body) -> Any:
    """The cloud's administrator, signed in once for a module."""
    return body.outside()


@pytest.fixture
def town(openstack_platform: Platform, openstack_provider: OpenStackProvider, outside: Any, tmp_path: Path) -> Town:
    """A stack of its own."""
    return Town(openstack_platform, openstack_provider, f"t{uuid.uuid4().hex[:11]}", outside, tmp_path)
