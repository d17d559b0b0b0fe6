"""The simulated region answers as the real one was recorded: status, code, names of headers and body."""

import json
import re

import pytest

from lab.simulated.routes import ROUTES
from tests.lab.contract.place import Place
from tests.lab.contract.record import MON_COMMANDS, RECORDED, mon_shapes, shown
from tests.lab.contract.scenario import Stage, play

COMPARED = ("status", "code", "headers", "shape")


@pytest.fixture(scope="module")
def stage(simulated: Place) -> Stage:
    return play(simulated)


def recorded(route: str) -> list[dict[str, object]]:
    content: list[dict[str, object]] = json.loads((RECORDED / f"{route}.json").read_text())
    return content


def test_every_route_has_a_recorded_answer_of_the_real_gateway() -> None:
    names = {route.name for route in ROUTES}
    assert names == {path.stem for path in RECORDED.glob("*.json")}


@pytest.mark.parametrize("route", [route.name for route in ROUTES if route.name != "mon_command"])
def test_a_route_answers_as_recorded(stage: Stage, route: str) -> None:
    ours = {str(one["label"]): one for one in (shown(stage, e) for e in stage.exchanges if e.route == route)}
    theirs = {str(one["label"]): one for one in recorded(route)}
    assert ours.keys() == theirs.keys()
    wrong = {
        f"{label}: {what}": {"real": real[what], "simulated": ours[label][what]}
        for label, real in theirs.items()
        for what in COMPARED
        if real[what] != ours[label][what]
    }
    assert wrong == {}


@pytest.mark.parametrize("command", MON_COMMANDS)
def test_a_mon_command_says_nothing_that_the_real_one_does_not(stage: Stage, command: str) -> None:
    real = {str(one["label"]): set(map(str, one["shape"])) for one in recorded("mon_command")}  # type: ignore[call-overload]
    ours = set(mon_shapes(stage)[command])
    assert ours - real[command] == set()
    assert len(ours) > 1


def test_no_secret_is_in_a_recording() -> None:
    for path in RECORDED.glob("*.json"):
        secrets = re.findall(r'secret_key\\":\\"([^"\\]+)', path.read_text())
        assert all(secret.endswith("-SECRET") for secret in secrets), path.name
