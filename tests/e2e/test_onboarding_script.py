"""The example client against a whole portal: killed, run again, with the broker down and frozen; nothing twice."""

import itertools
import os
import random
from pathlib import Path

import pytest

from lab.postgres import Postgres
from lab.redis import Redis
from lab.system import Options
from tests.e2e.onboarding import (
    CLERK,
    SHEET,
    Api,
    approving,
    client,
    counted,
    killed_after,
    row_of,
    served_portal,
)

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("onboarding")]
# What hinders the broker during each run of the client that is killed, and what is done about it before the next.
HINDRANCES = (None, "down", "frozen")


def test_thirty_towns_are_taken_in_whatever_happens_to_the_client(postgres_lab: Postgres, tmp_path: Path) -> None:
    _onboard(30, postgres_lab, tmp_path)


@pytest.mark.deep
def test_225_towns_are_taken_in_whatever_happens_to_the_client(postgres_lab: Postgres, tmp_path: Path) -> None:
    _onboard(225, postgres_lab, tmp_path)


def _onboard(towns: int, postgres: Postgres, folder: Path) -> None:
    sheet = folder / "comuni.csv"
    with SHEET.open(encoding="utf-8") as lines:
        sheet.write_text("".join(itertools.islice(lines, towns + 1)), encoding="utf-8")
    seed = int(os.environ.get("ONBOARDING_SEED", "7"))
    dice = random.Random(seed)
    redis = Redis(Options(folder, folder / "redis"))
    redis.up()
    try:
        with served_portal(f"onboarding_{towns}_{os.getpid()}", postgres.url, redis) as portal:
            clerk, approver = (
                Api(portal, "onboarding@region.example", *CLERK),
                Api(portal, "approver@region.example", "subscriptions:read", "requests:decide"),
            )
            told: dict[str, str] = {}
            for number, hindrance in enumerate(HINDRANCES):
                _hinder(redis, hindrance)
                run = client(portal, clerk.token, sheet)
                share = dice.uniform(number / len(HINDRANCES), (number + 1) / len(HINDRANCES))
                found = killed_after(run, max(1, round(share * towns)))
                _help(redis, hindrance)
                assert {ipa: found[ipa] for ipa in found if ipa in told} == {i: told[i] for i in found if i in told}
                told |= found
            with approving(approver):
                last = client(portal, clerk.token, sheet, "--wait")
                said, _ = last.communicate(timeout=20 * 60)
            assert last.returncode == 0, f"seed {seed}: {said}"
            ended = {ipa: id for line in said.splitlines() for ipa, id in row_of(line).items()}
            assert len(ended) == towns
            assert {ipa: ended[ipa] for ipa in told} == told
            found_there = counted(portal)
            assert (found_there["authorities"], found_there["subscriptions"]) == (towns, towns)
            assert (found_there["not ready"], found_there["twice"]) == (0, [])
            assert found_there["there"] == found_there["rows"]
    finally:
        redis.down(keep=False)


def _hinder(redis: Redis, how: str | None) -> None:
    if how == "down":
        redis.kill()
    elif how == "frozen":
        redis.freeze()


def _help(redis: Redis, how: str | None) -> None:
    if how == "down":
        redis.start()
    elif how == "frozen":
        redis.thaw()
