"""The simulated region as a process: its files, its start, its end, and many writers at once."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from tests.lab.contract.place import Place
from tests.lab.contract.places import REPOSITORY, simulated_place
from tests.lab.contract.town import Town, town_on
from tests.lab.contract.wire import Keys


def test_the_region_file_is_the_slides_region_and_the_key_is_private(tmp_path: Path) -> None:
    with simulated_place(tmp_path) as place:
        region = yaml.safe_load((tmp_path / "region.yaml").read_text())
        platform = region["platforms"][0]
        assert [site["code"] for site in region["sites"]] == ["an", "pu", "mc"]
        assert {figures["storage_gib"] for figures in platform["totals_by_site"].values()} == {37252}
        assert platform["endpoints"] == {
            "api": place.endpoint,
            "data": place.endpoint,
            "mon": f"{place.endpoint}/mon",
        }
        credentials = Path(platform["credentials_file"])
        assert credentials.is_absolute()
        assert credentials.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "region.sqlite3").stat().st_mode & 0o077 == 0
        assert yaml.safe_load(credentials.read_text()).keys() == {
            "access_key", "secret_key", "rados_id", "rados_keyring",
        }  # fmt: skip


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    with simulated_place(tmp_path) as place:
        admin = place.admin()
        admin.create_user(uid="t$o", display_name="o", access_key="OWN", secret_key="s", generate_key=False)
        client = place.s3(Keys("OWN", "s"))
        client.create_bucket(Bucket="backup")
        client.put_object(Bucket="backup", Key="k", Body=b"kept")
    with simulated_place(tmp_path) as place:
        client = place.s3(Keys("OWN", "s"))
        assert client.get_object(Bucket="backup", Key="k")["Body"].read() == b"kept"


def test_it_is_ready_soon_and_ends_when_asked(tmp_path: Path) -> None:
    began = time.monotonic()
    command = [sys.executable, "-m", "lab.simulated", "--base", str(tmp_path), "--port", "0"]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert "ready" in process.stdout.readline()
    # Two seconds on an idle machine are the promise; a loaded one gets more.
    assert time.monotonic() - began < 10
    process.terminate()
    assert process.wait(timeout=10) == 0


@pytest.fixture(scope="module")
def town(simulated: Place) -> Iterator[Town]:
    with town_on(simulated) as made:
        yield made


def test_sixteen_writers_at_once_lose_nothing(town: Town) -> None:
    with ThreadPoolExecutor(16) as threads:
        put = lambda number: town.writer.put_object(Bucket="backup", Key=f"many/{number:03}", Body=bytes(number))  # noqa: E731
        list(threads.map(put, range(100)))
    listed = town.restore.list_objects_v2(Bucket="backup", Prefix="many/")["Contents"]
    assert [one["Size"] for one in listed] == list(range(100))
