"""T22 on a real Ceph: what an earlier release left half done there, today's code finishes.

The recording is of a simulated region. What that held is made on the cluster first, by its administrator:
identities, keys, archives with their settings. Then today's code takes over, with the recording's clock.
"""

import base64
import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.faults.databases import PostgresDatabase
from tests.faults.releases.recorded import COMES_TO, HERE, half_done, prepared, releases, unpacked
from tests.faults.stage import Stage as Faults
from tests.lab.workers import LivePortal, Stage

pytestmark = pytest.mark.real
# The recorded installation and platform, as this cluster's portal is called.
STACK = re.compile(r"mcloud([._])([a-z0-9]{12})\b")
PLATFORM = "ceph-marche"
# A setting as it was recorded -> where it is sent, and what stands around it.
SETTINGS = {
    "tagging": ("tagging", "<Tagging><TagSet>{}</TagSet></Tagging>"),
    "lifecycle": ("lifecycle", "<LifecycleConfiguration>{}</LifecycleConfiguration>"),
    "versioning": ("versioning", "<VersioningConfiguration><Status>{}</Status></VersioningConfiguration>"),
    "policy": ("policy", "{}"),
    "public_access": (
        "publicAccessBlock",
        "<PublicAccessBlockConfiguration><{0}>true</{0}></PublicAccessBlockConfiguration>",
    ),
}


@pytest.mark.parametrize("name", releases())
def test_what_an_earlier_release_left_half_done_on_a_cluster_is_finished(
    name: str, portal: LivePortal, stage: Stage, tmp_path: Path
) -> None:
    def here(text: str) -> str:
        return STACK.sub(rf"{portal.installation}\1\2", text).replace(PLATFORM, portal.platform)

    buckets = remade(portal, here(unpacked(name, "region")))
    statements = here(unpacked(name, "database"))
    for recorded, real in buckets.items():
        statements = statements.replace(recorded, real)
    with taken_over(portal, stage, statements, tmp_path / "stage") as faults:
        faults.offset.seconds = float((HERE / name / "when").read_text()) - time.time()
        faults.act("migrate")
        faults.database.open()
        assert half_done(faults)
        came_to = faults.value("towns_finish")
        assert came_to["rests"], came_to["rows"]
        assert came_to["chain"]["holds"]
        told = faults.value("towns_shown")
        assert {town: (shown["rows"], shown["held"]) for town, shown in told.items()} == {
            town: (rows, [gib] * 3 if gib else []) for town, (rows, gib) in COMES_TO.items()
        }
        in_rows = faults.database.rows("SELECT external_id FROM provisioning_resource WHERE state <> 'gone'")
        assert sorted(one for (one,) in in_rows) == on_cluster(portal)
        faults.database.close()


@contextmanager
def taken_over(portal: LivePortal, stage: Stage, statements: str, folder: Path) -> Iterator[Faults]:
    """Today's processes on the recorded database, with this cluster for a region."""
    database = PostgresDatabase(stage.postgres.url, f"release_{portal.installation}")
    with closing(psycopg2.connect(database.url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statements)
    with prepared(folder, database, MCLOUD_REGION_FILE=str(portal.region_file)) as faults:
        yield faults


def remade(portal: LivePortal, statements: str) -> dict[str, str]:
    """What the recorded region held, on the cluster: the recorded id of each archive -> its id here."""
    administrator = portal._administrator()
    with closing(sqlite3.connect(":memory:")) as region:
        region.row_factory = sqlite3.Row
        region.executescript(statements)
        mine = f"{portal.installation}_%"
        for (doc,) in region.execute("SELECT doc FROM users WHERE uid LIKE ?", [mine]):
            user(administrator, json.loads(doc))
        keys = {}
        for row in region.execute("SELECT * FROM keys WHERE uid LIKE ?", [mine]):
            administrator.create_key(
                uid=row["uid"],
                access_key=row["access_key"],
                secret_key=row["secret_key"],
                generate_key=False,
            )
            keys[row["uid"]] = Credentials(row["access_key"], row["secret_key"])
        found = {}
        for row in region.execute("SELECT * FROM buckets WHERE tenant LIKE ?", [mine]):
            archive(portal.ceph.url, keys[row["owner"]], row)
            found[row["id"]] = str(administrator.get_bucket(bucket=f"{row['tenant']}/{row['name']}")["id"])
        assert not region.execute(
            "SELECT 1 FROM versions JOIN buckets ON buckets.id = bucket WHERE tenant LIKE ?", [mine]
        ).fetchall(), "This recording has copies in it: put them as well."
        return found


def user(administrator: Any, told: dict[str, Any]) -> None:
    """An identity with its limits."""
    administrator.create_user(
        uid=told["uid"],
        display_name=told["display_name"],
        generate_key=False,
        max_buckets=told["max_buckets"],
        suspended=told["suspended"],
    )
    if told["user_quota"]["enabled"]:
        kib = told["user_quota"]["max_size"] // 1024
        administrator.set_user_quota(uid=told["uid"], quota_type="user", max_size_kb=kib, enabled=True)


def archive(endpoint: str, owner: Credentials, row: sqlite3.Row) -> None:
    """By its owner; the settings are the XML and JSON that the recorded gateway was sent."""
    where = f"<LocationConstraint>:{row['placement']}</LocationConstraint>"
    put(endpoint, owner, row["name"], f"<CreateBucketConfiguration>{where}</CreateBucketConfiguration>")
    for what, said in json.loads(row["settings"]).items():
        where, around = SETTINGS[what]
        put(endpoint, owner, f"{row['name']}?{where}", around.format(said))


def put(endpoint: str, key: Credentials, path: str, body: str) -> None:
    """As any S3 client sends it."""
    digest = base64.b64encode(hashlib.md5(body.encode()).digest()).decode()
    request = AWSRequest("PUT", f"{endpoint}/{path}", data=body.encode(), headers={"Content-MD5": digest})
    S3SigV4Auth(key, "s3", "us-east-1").add_auth(request)
    with requests.Session() as client:
        client.trust_env = False
        answer = client.put(request.url, data=request.data, headers=dict(request.headers), timeout=60)
    assert answer.status_code in (200, 204), f"{path}: {answer.status_code} {answer.text}"


def on_cluster(portal: LivePortal) -> list[str]:
    """External ids of everything that is an authority's, as the gateway has them."""
    users, administrator = portal.users_on_cluster(), portal._administrator()
    keys = [key for uid in users for key in portal.keys_on_cluster(uid)]
    archives = [administrator.get_bucket(bucket=name)["id"] for name in portal.buckets_on_cluster()]
    return sorted([*users, *keys, *archives])
