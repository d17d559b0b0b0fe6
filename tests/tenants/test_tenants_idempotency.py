"""The same POST with the same key has one effect, also when fifty arrive at once (T11)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tenants.models import IdempotencyRecord, LocalAuthority
from tests.personas import API, World
from tests.tenants.bodies import body_of
from tests.tenants.databases import fresh_database
from tests.tenants.parallel_posts import PARALLEL

ROOT = Path(__file__).resolve().parents[2]


def post(client: Any, key: str, body: dict[str, Any], path: str = "authorities/") -> Any:
    return client.post(f"{API}/{path}", body, format="json", HTTP_IDEMPOTENCY_KEY=key)


def test_the_second_time_gives_the_first_answer_and_says_so(world: World) -> None:
    client = world["onboarding"].client()
    first, again = post(client, "k", body_of(80)), post(client, "k", body_of(80))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])


def test_another_body_or_address_or_narrowing_under_the_same_key_is_422(world: World) -> None:
    client = world["operator"].client()
    post(client, "k", body_of(81))
    verify = f"authorities/{world.pending.public_id}/verify/"
    narrowed = world["operator"].with_token(authority=world.home).client()
    for answer in (post(client, "k", body_of(82)), post(client, "k", {}, path=verify)):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert post(narrowed, "k", body_of(81)).status_code == 403
    assert LocalAuthority.objects.get(pk=world.pending.pk).state == "pending"


def test_a_key_belongs_to_its_caller(world: World) -> None:
    assert post(world["onboarding"].client(), "k", body_of(83)).status_code == 201
    assert post(world["operator"].client(), "k", body_of(84)).status_code == 201


def test_a_refused_call_keeps_nothing_and_may_be_made_again(world: World) -> None:
    client = world["onboarding"].client()
    assert post(client, "k", body_of(85, fiscal_code="1")).status_code == 400
    assert not IdempotencyRecord.objects.exists()
    assert post(client, "k", body_of(85)).status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256, "chiave\u00e8", "a\tb"])
def test_a_key_without_sense_is_refused(world: World, key: str) -> None:
    answer = post(world["onboarding"].client(), key, body_of(86))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])


def many_at_once(folder: Path, database_url: str = "") -> dict[str, Any]:
    """Play `parallel_posts.py` in a portal of its own, on a database of its own."""
    environment = {**os.environ, "MCLOUD_DATA_DIR": str(folder), "MCLOUD_DATABASE_URL": database_url}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("parallel_posts.py"))],
        env={**environment, "PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(ROOT)])},
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_many_at_once_have_one_effect_on_a_file_of_sqlite(tmp_path: Path) -> None:
    found = many_at_once(tmp_path)
    # The single writer makes a twin wait and then repeats the first answer to it.
    assert found == {
        "statuses": {"201": PARALLEL}, "authorities": 1, "events": 1, "ids": 1, "first_answers": 1,
        "chain_holds": True,
    }  # fmt: skip


@pytest.mark.real
def test_many_at_once_have_one_effect_on_postgresql(tmp_path: Path, postgres_lab: Any) -> None:
    with fresh_database(postgres_lab.url) as url:
        found = many_at_once(tmp_path, url)
    statuses = found.pop("statuses")
    # A twin that comes too early is told that the first is still running.
    assert set(statuses) <= {"201", "409"} and sum(statuses.values()) == PARALLEL
    assert found == {"authorities": 1, "events": 1, "ids": 1, "first_answers": 1, "chain_holds": True}
