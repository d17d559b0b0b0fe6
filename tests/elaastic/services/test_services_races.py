"""What happens at the same instant, in threads, on a SQLite file and on PostgreSQL: see `races.py`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.tenants.databases import fresh_database

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def races(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("races")
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres_lab").url))
        done = subprocess.run(
            [sys.executable, "-m", "tests.elaastic.services.races"],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings",
                "MCLOUD_DATA_DIR": str(folder),
                "MCLOUD_DATABASE_URL": url,
            },
            cwd=ROOT, capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
        yield json.loads(done.stdout.splitlines()[-1])


def test_two_who_ask_at_once_get_one_subscription(races: dict[str, Any]) -> None:
    assert races["asked_at_once"] == {
        "outcomes": {"done": 1, "subscription_exists": 5},
        "subscriptions": 1,
        "requests": 1,
        "trail": 1,
    }


def test_workers_who_plan_at_once_make_one_plan(races: dict[str, Any]) -> None:
    assert races["planned_at_once"] == {"outcomes": {"done": 4}, "plans": 1}


def test_two_approvers_at_once_are_one_approval(races: dict[str, Any]) -> None:
    for one in races["approved_by_two"]:
        assert one["outcomes"] == {"done": 1, "request_decided": 1}
        assert (one["decision"], one["reserved"], one["resources"]) == ("approved", 300, 9)
        assert one["trail"] == ["request.approved"]


@pytest.mark.parametrize(
    ("scene", "other"), [("approved_and_withdrawn", "withdrawn"), ("approved_and_rejected", "rejected")]
)
def test_of_a_yes_and_its_opposite_exactly_one_wins_and_the_other_is_told(
    races: dict[str, Any], scene: str, other: str
) -> None:
    for one in races[scene]:
        assert one["outcomes"].count("done") == 1, one
        yes = one["outcomes"][0] == "done"
        loser = one["outcomes"][1 if yes else 0]
        assert loser.startswith("request_decided: ")
        assert loser.endswith(".")
        assert one["decision"] == ("approved" if yes else other)
        assert (one["approved"], one["closed"]) == (yes, not yes)
        assert (one["reserved"], one["resources"]) == ((300, 9) if yes else (0, 0))
        assert one["trail"] == [f"request.{one['decision']}"]


def test_a_yes_while_the_plan_is_made_anew_is_for_what_was_shown_or_refused(races: dict[str, Any]) -> None:
    for one in races["approved_and_planned_again"]:
        yes, worker = one["outcomes"]
        assert worker == "done"
        assert yes == "done" or yes.partition(":")[0] in ("plan_stale", "plan_not_ready"), yes
        assert (one["decision"], one["reserved"]) == (("approved", 300) if yes == "done" else ("", 0))


def test_a_secret_is_shown_to_one_of_five(races: dict[str, Any]) -> None:
    assert races["revealed_at_once"] == {
        "outcomes": {"done": 1, "already_revealed": 4},
        "shown": 1,
        "trail": 1,
    }


def test_three_ticks_at_once_ask_for_one_repair(races: dict[str, Any]) -> None:
    assert races["ticked_at_once"] == {"outcomes": {"done": 3}, "repairs": 1}


def test_three_schedulers_at_once_remind_once_and_stop_once_even_when_one_dies(races: dict[str, Any]) -> None:
    """T12."""
    soon, over = races["agreements_at_once"]
    assert soon == {"bad": [], "reminders": 1, "told": 1, "expiries": 0}
    assert over == {"bad": [], "reminders": 1, "told": 1, "expiries": 1}


def test_three_schedulers_at_once_tell_the_next_person_and_the_week_once_even_when_one_dies(
    races: dict[str, Any],
) -> None:
    """T12."""
    once = {"bad": [], "rows": 1, "told": 1}
    assert races["told_at_once"] == {"escalations": once, "digests": once}


def test_three_schedulers_at_once_begin_one_drill_a_night_even_when_one_dies(races: dict[str, Any]) -> None:
    """T12."""
    found = races["drilled_at_once"]
    assert found == {"bad": [], "died": 1, "begun": [1, 1, 2], "nights": 2, "operations": 2}


def test_of_a_yes_and_an_accepted_proposal_exactly_one_wins_whole(races: dict[str, Any]) -> None:
    for one in races["countered_and_decided"]:
        yes, accepted = one["outcomes"]
        assert (yes == "done") != (accepted == "done"), one
        assert one["quota"] == (100 if yes == "done" else 20)
        assert (one["decision"], one["reserved"]) == (("approved", 300) if yes == "done" else ("", 0))
        loser = accepted if yes == "done" else yes
        known = ("request_decided", "counter_changed", "plan_not_ready", "plan_stale")
        assert loser.partition(":")[0] in known, loser


def test_the_last_gib_are_sold_once_and_all_of_them(races: dict[str, Any]) -> None:
    found = races["last_gib"]
    assert found["outcomes"] == {"done": 7, "capacity_exhausted": 13}, found["sentences"]
    assert (found["approved"], found["oversold"], found["free_on_the_tight_one"]) == (7, 0, 0)
    assert found["used"] == found["reserved"]
    assert all(found["used"][site] <= found["total"][site] for site in found["used"])
    assert all(sentence.endswith(".") for sentence in found["sentences"])


def test_proofs_that_are_written_at_once_are_one_chain(races: dict[str, Any]) -> None:
    assert races["proven_at_once"] == {"outcomes": {"done": 6}, "numbers": [1, 2, 3, 4, 5, 6], "holds": True}


def test_the_trail_still_holds(races: dict[str, Any]) -> None:
    assert races["chain_holds"]
