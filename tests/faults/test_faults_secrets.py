"""T16: the secrets of a provisioned subscription stand in the vault and nowhere else."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from lab.postgres import Postgres
from lab.redis import Redis
from tests.faults.auditor import Region, forms
from tests.faults.crowds import at_work, until_rest
from tests.faults.databases import PostgresDatabase
from tests.faults.stage import Stage, stage
from tests.faults.workflows import BASE

pytestmark = [pytest.mark.fault, pytest.mark.real, pytest.mark.xdist_group("workers")]


@pytest.fixture(scope="module")
def provisioned(
    postgres_lab: Postgres, redis_lab: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Asked, planned and approved by people, provisioned by two real workers, and one key collected."""
    database = PostgresDatabase(postgres_lab.url, f"secrets_{os.getpid()}")
    folder = tmp_path_factory.mktemp("secrets")
    with stage(folder / "stage", database, MCLOUD_BROKER_URL=redis_lab.url) as made:
        made.control("fault", kind="status", status=500, route="admin_create_key")  # errors are told, too
        with at_work(made, 2):
            made.act("order", terms=BASE, rings=True)
            until_rest(made)
        yield made


def _secrets(stage: Stage) -> list[str]:
    """The vault's, the portal's own, and what signs and encrypts."""
    kept = [s["secret_key"] for s in stage.value("secrets").values()]
    own = yaml.safe_load((stage.folder / "region" / "ceph-credentials.yaml").read_text())["secret_key"]
    files = [(stage.folder / "data" / name).read_text().split() for name in ("secret.key", "vault.keys")]
    assert len(kept) == 8, "Two subscriptions have four keys each."
    assert {*kept, own} == {secret for _, secret in Region.read(stage).keys.values()}
    return [*kept, own, *(word for words in files for word in words)]


def _hits(secrets: Iterable[str], places: dict[str, bytes]) -> list[str]:
    for place, content in places.items():
        assert content, f"{place} is empty: nothing was searched there."
    return [
        f"secret {number} stands in {place}"
        for number, secret in enumerate(secrets)
        for place, content in places.items()
        if any(form in content for form in forms(secret))
    ]


def test_no_log_no_row_no_message_and_no_page_holds_a_secret(
    provisioned: Stage, redis_lab: Redis, tmp_path: Path
) -> None:
    fine = provisioned.value("visit", into=str(tmp_path / "pages"))
    provisioned.act("mishandle", into=str(tmp_path / "reprs"))
    assert fine > 20, "Hardly a page was seen."
    broker = b"".join(file.read_bytes() for file in (redis_lab.folder / "data").rglob("*") if file.is_file())
    assert b"provisioning.tasks.reconcile" in broker, "No message passed the broker."
    places = {
        "the workers' log, mails included": provisioned.log("nursery").encode(),
        "the region's log": provisioned.log("region").encode(),
        "the database": provisioned.database.dump(),
        "the broker": broker,
        "a page or an answer": (tmp_path / "pages").read_bytes(),
        "a repr": (tmp_path / "reprs").read_bytes(),
    }
    assert _hits(_secrets(provisioned), places) == []


def test_the_search_finds_a_secret_in_each_of_its_forms() -> None:
    secret = "aZ9+/canary that is long enough"
    hidden = [form + b" and more" for form in forms(secret)]
    assert len({bytes(h) for h in hidden}) == 6
    assert len(_hits([secret], {f"place {n}": b"something " + h for n, h in enumerate(hidden)})) == 6


def test_what_is_collected_once_is_the_secret_itself_and_leaves_no_trace(provisioned: Stage) -> None:
    secret = provisioned.value("reveal")
    assert secret in _secrets(provisioned)
    places = {"log": provisioned.log("nursery").encode(), "database": provisioned.database.dump()}
    assert _hits([secret], places) == []


def test_a_rotation_that_is_stopped_half_way_can_be_run_again_and_loses_nothing(provisioned: Stage) -> None:
    before = provisioned.value("secrets")
    old = provisioned.database.rows("SELECT id, ciphertext FROM provisioning_storedsecret ORDER BY id")
    provisioned.act("new_key_first")
    provisioned.act("rotate", batch=3, batches=2)
    assert provisioned.value("secrets") == before, "Half way, both keys are needed and both are there."
    provisioned.act("rotate", batch=3, batches=0)
    provisioned.act("first_key_only")
    new = provisioned.database.rows("SELECT id, ciphertext FROM provisioning_storedsecret ORDER BY id")
    assert [i for i, _ in new] == [i for i, _ in old]
    assert all(bytes(a) != bytes(b) for (_, a), (_, b) in zip(old, new, strict=True))
    assert provisioned.value("secrets") == before
