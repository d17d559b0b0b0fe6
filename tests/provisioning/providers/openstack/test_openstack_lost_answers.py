"""An answer may be lost after any call of a create; looking, then making or mending, ends as declared, once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from provisioning.domain.errors import PlatformDown
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Many
from provisioning.kinds.openstack import (
    GrantSpec,
    GroupSpec,
    NetworkSpec,
    PortSpec,
    RouterSpec,
    SecurityGroupSpec,
    SubnetSpec,
    UserSpec,
)
from provisioning.providers.openstack.provider import OpenStackProvider
from tests.provisioning.providers.battery import differs
from tests.provisioning.providers.openstack.town import PROJECT, Settled, Town


class Losing(HTTPAdapter):
    """Carries every call to the real service, and loses the answer of one: the nth that changes something."""

    def __init__(self) -> None:
        super().__init__()
        self.until = 0  # writes that are still answered; below nought, all are

    def send(self, request: Any, *args: Any, **more: Any) -> Any:
        answer = super().send(request, *args, **more)
        if request.method != "GET" and not request.url.endswith("/auth/tokens"):
            self.until -= 1
            if self.until == -1:
                raise requests.exceptions.ConnectionError("The answer was lost.")
        return answer


@pytest.fixture
def losing(town: Town, monkeypatch: pytest.MonkeyPatch) -> Losing:
    """Between this town's own provider and the services."""
    town.provider = OpenStackProvider(town.platform)
    adapter = Losing()
    adapter.until = -2
    connect = town.provider._cloud._connect

    def through(**who: str) -> Any:
        made = connect(**who)
        made.session.session.mount("http://", adapter)
        return made

    monkeypatch.setattr(town.provider._cloud, "_connect", through)
    return adapter


def _project(town: Town) -> Target:
    return town.target("reserve", PROJECT)


def _user(town: Town) -> Target:
    return town.target("portal", UserSpec(), secrets={"password": town.password})


def _group(town: Town) -> Target:
    return town.target("people", GroupSpec([town.user]))


def _grant(town: Town) -> Target:
    return town.target("may", GrantSpec(town.project, "member", town.group))


def _credential(town: Town) -> Target:
    town.grant()
    return town.credential_target()


def _network(town: Town) -> Target:
    return town.target("lan", NetworkSpec(town.project))


def _subnet(town: Town) -> Target:
    return town.target("addresses", SubnetSpec(town.project, town.network(), "10.20.0.0/24"))


def _router(town: Town) -> Target:
    return town.target("way", RouterSpec(town.project, [town.subnet(town.network())], outside=True))


def _port(town: Town) -> Target:
    network, subnet, group = town.wiring
    return town.target("plug", PortSpec(town.project, network, subnet, [group]))


def _server(town: Town) -> Target:
    return town.server_target("vm")


def _server_image(town: Town) -> Target:
    return town.server_image_target("copy")


def _image(town: Town) -> Target:
    return town.image_target("disk")


def _security_group(town: Town) -> Target:
    return town.target("firewall", SecurityGroupSpec(town.project, ["in tcp/22 10.0.0.0/8"]))


# How many calls of its create change something.
CASES: list[tuple[str, Callable[[Town], Target], int]] = [
    ("project", _project, 3),
    ("user", _user, 1),
    ("group", _group, 2),
    ("grant", _grant, 1),
    ("credential", _credential, 1),
    ("network", _network, 1),
    ("subnet", _subnet, 1),
    ("router", _router, 3),
    ("security_group", _security_group, 4),
    ("port", _port, 1),
    ("server", _server, 1),
    ("server_image", _server_image, 1),
    ("image", _image, 3),
]


@pytest.mark.parametrize(
    ("kind", "target_of", "number"),
    [(kind, target_of, n) for kind, target_of, calls in CASES for n in range(calls)],
)
def test_a_create_whose_answer_is_lost_at_any_call_ends_as_declared_and_once(
    town: Town, losing: Losing, kind: str, target_of: Callable[[Town], Target], number: int
) -> None:
    target, handler = target_of(town), Settled(town.provider.handlers[f"openstack.{kind}"])
    losing.until = number
    with pytest.raises(PlatformDown):
        handler.create(target)
    assert losing.until < 0
    seen = handler.observe(target)
    assert not isinstance(seen, Absent | Many)
    target = replace(target, external_id=seen.external_id)  # type: ignore[union-attr]
    if after := differs(target, seen):
        handler.update(target, after)
    assert differs(target, handler.observe(target)) == {}
    mine = [one for one in town.provider.census() if one.kind == f"openstack.{kind}" and town.stack in one.marker]
    assert [one.external_id for one in mine] == [target.external_id]


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "target_of"), [(kind, target_of) for kind, target_of, _ in CASES])
def test_a_delete_whose_answer_is_lost_is_sent_again(
    town: Town, losing: Losing, kind: str, target_of: Callable[[Town], Target]
) -> None:
    target, handler = target_of(town), Settled(town.provider.handlers[f"openstack.{kind}"])
    target = replace(target, external_id=handler.create(target).external_id)
    losing.until = 0
    with pytest.raises(PlatformDown):
        handler.delete(target)
    handler.delete(target)
    assert handler.observe(target) == Absent()
