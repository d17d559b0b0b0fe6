"""A portal of an earlier release in the middle of its work, as it was recorded: its database and its region.

    python -m tests.faults.releases.recorded NAME      records today's code as tests/faults/releases/NAME

To be run once a release, on its own code; what stands here is never recorded again. No key of a real system is in
it: the vault's and the region's are made of a sentence, below.
"""

import hashlib
import lzma
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import yaml

from lab.fixtures import borrowed
from lab.postgres import Postgres, _program
from lab.simulated.region import CREDENTIALS_FILE
from tests.faults.databases import PostgresDatabase
from tests.faults.stage import Stage, processes

HERE = Path(__file__).resolve().parent
_MADE_OF = hashlib.sha256(b"nobody's keys, for a region that never was")
# Where the workers die, one after the other: by then some stacks are half done, and others were never looked at.
DEATHS = (8, 15, 22)

# Town -> the states of its rows when all is finished, and what it holds of each site in GiB.
ROLES = ("owner", "writer", "restore", "probe")
READY = {name: "ready" for role in ROLES for name in (role, f"{role}-key")} | {"archive-backup": "ready"}
KEPT = {n: "retained" for n in READY if n not in ("writer-key", "probe-key")}
COMES_TO = {
    "nothing": (READY, 50),
    "order": (READY, 50),
    "asked": (READY, 50),
    "countered": (READY, 30),
    "change": (READY | {"archive-documents": "ready"}, 200),
    "suspension": (READY, 50),
    "new key": ({n: s for n, s in READY.items() if n != "writer-key"} | {"writer-key-2": "ready"}, 50),
    "end": (KEPT, 50),
    "purge": ({}, 0),
}


def releases() -> list[str]:
    """Every earlier one."""
    return sorted(one.parent.name for one in HERE.glob("*/when"))


@contextmanager
def prepared(folder: Path, database: PostgresDatabase, **environment: str) -> Iterator[Stage]:
    """Processes whose vault and region have the keys of every recording."""
    (folder / "region").mkdir(parents=True, exist_ok=True)
    keys = folder / "vault.keys"
    keys.write_bytes(urlsafe_b64encode(_MADE_OF.digest()))
    word = _MADE_OF.hexdigest()
    content = {
        "access_key": word[:20].upper(),
        "secret_key": word[:40],
        "rados_id": "portal",
        "rados_keyring": None,
    }
    (folder / "region" / CREDENTIALS_FILE).write_text(yaml.safe_dump(content, sort_keys=False))
    (folder / "region" / CREDENTIALS_FILE).chmod(0o600)
    with processes(folder, database, MCLOUD_VAULT_KEYS_FILE=str(keys), **environment) as made:
        yield made


@contextmanager
def taken_up(name: str, folder: Path, postgres: Postgres) -> Iterator[Stage]:
    """That portal as it was left, under today's code, at the moment of its recording; nothing is migrated yet."""
    database = PostgresDatabase(postgres.url, f"release_{os.getpid()}")
    with closing(psycopg2.connect(database.url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(unpacked(name, "database"))
    (folder / "region").mkdir(parents=True)
    with closing(sqlite3.connect(folder / "region" / "region.sqlite3")) as region:
        region.executescript(unpacked(name, "region"))
    with prepared(folder, database) as made:
        made.offset.seconds = float((HERE / name / "when").read_text()) - time.time()
        yield made
        database.close()


def half_done(stage: Stage) -> list[str]:
    """Rows with an intent whose outcome nobody recorded, or stacks whose worker died with them."""
    rows = stage.database.rows(
        "SELECT key FROM provisioning_stack WHERE claim_token IS NOT NULL"
        " UNION SELECT name FROM provisioning_resource WHERE intent <> ''"
    )
    return [str(name) for (name,) in rows]


def unpacked(name: str, what: str) -> str:
    """The statements that make `database` or `region`."""
    return lzma.decompress((HERE / name / f"{what}.sql.xz").read_bytes()).decode()


def record(name: str) -> None:
    """Today's code, half done."""
    with tempfile.TemporaryDirectory() as scratch, borrowed("postgres") as postgres:
        assert isinstance(postgres, Postgres)
        database = PostgresDatabase(postgres.url, f"release_{os.getpid()}")
        with prepared(Path(scratch) / "stage", database) as stage:
            stage.act("furnish")
            database.open()
            stage.act("towns_stand")
            stage.act("towns_begin")
            for point in DEATHS:
                stage.kill("rest", point)
                stage.offset.seconds += 61  # its leases are over
            into = HERE / name
            into.mkdir()
            (into / "when").write_text(f"{time.time() + stage.offset.seconds:.0f}\n")
            _pack(into / "region.sql.xz", _region_of(stage))
            _pack(into / "database.sql.xz", _dump_of(database.url))
            database.close()


def _region_of(stage: Stage) -> str:
    with closing(sqlite3.connect(stage.folder / "region" / "region.sqlite3")) as region:
        return "\n".join(region.iterdump())


def _dump_of(url: str) -> str:
    """Statements only: what begins with a backslash is for psql."""
    options = ["--no-owner", "--no-privileges", "--column-inserts", "--rows-per-insert=100"]
    done = subprocess.run([_program("pg_dump"), *options, url], capture_output=True, text=True, check=True)
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith("\\"))


def _pack(path: Path, text: str) -> None:
    path.write_bytes(lzma.compress(text.encode(), preset=9))


if __name__ == "__main__":
    record(sys.argv[1])
