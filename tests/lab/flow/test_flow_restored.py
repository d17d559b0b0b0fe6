"""T24 on a real Ceph: the portal's database is put back to before a change, and the cluster has moved on since.

Nothing is written before an operator has read the report. Then what is newer than the database is told to people or
taken up by whoever wants it again; nothing that bears data is taken away, and every key goes on opening.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from elaastic.models import RequestKind
from elaastic.services import changing, keys
from elaastic.services.deciding import reject_request
from lab.deadline import wait_until
from lab.postgres import _program
from lab.process import run_checked
from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.models import OrphanSighting, PlatformState, Resource, Stack
from provisioning.services import platforms, stacks, upkeep
from provisioning.services.clock import now
from tests.lab.flow.town import SOON_S, Keys, Town, Towns, collected, demo, done, fresh
from tests.lab.flow.wire import s3
from tests.lab.workers import LivePortal, Stage

pytestmark = pytest.mark.real
ARCHIVES = ("backup", "documenti")


@dataclass(frozen=True)
class Dump:
    """The portal's database as an operator keeps it every night."""

    portal: LivePortal
    stage: Stage
    file: Path

    def take(self) -> None:
        options = ["--no-owner", "-f", str(self.file)]
        run_checked([_program("pg_dump"), *options, self.portal.database_url])

    def put_back(self) -> None:
        """Counters and all; whoever is connected is cut."""
        connection.close()
        name = self.portal.database_url.rpartition("/")[2]
        self.stage.sql(f"DROP DATABASE {name} WITH (FORCE)")
        self.stage.sql(f"CREATE DATABASE {name}")
        run_checked(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(self.file), self.portal.database_url])


def test_a_database_of_before_a_change_takes_nothing_away(
    portal: LivePortal, stage: Stage, towns: Towns, tmp_path: Path
) -> None:
    portal.start_worker("a", concurrency=2)
    town = towns.ready()
    s3(town.keys["writer"]).put_object(Bucket="backup", Key="prima", Body=b"1")
    dump = Dump(portal, stage, tmp_path / "portal.sql")
    dump.take()
    change(town, towns)
    done(keys.rotate(subscription=fresh(town), name="writer", by=town.owner))
    newer = collected(town, "writer")
    for archive in ARCHIVES:
        s3(newer).put_object(Bucket=archive, Key="dopo", Body=b"2")
    there = on_cluster(portal, town)
    portal.kill("worker-a")
    dump.put_back()

    portal.start_worker("a", concurrency=2)
    looked_at(town)
    wait_until("the platform held", held, timeout_s=SOON_S)
    looked_at(town)
    assert on_cluster(portal, town) == there, "nobody has read the report"
    platforms.accept_restored(portal.platform)
    wait_until("writing going on", lambda: not held(), timeout_s=SOON_S)
    for _ in range(2):  # what is taken for an orphan is by the second
        looked_at(town)
    assert gone(there, on_cluster(portal, town)) == []
    told = set(OrphanSighting.objects.filter(settled_at=None).values_list("external_id", flat=True))
    assert newer.access_key in told
    assert not Resource.objects.filter(wish="absent").exists()

    refuse_the_repair(town)
    change(town, towns)
    looked_at(town)
    assert gone(there, on_cluster(portal, town)) == []
    standing = {r.name: r.state for r in Resource.objects.filter(stack__key=town.subscription.stack_key)}
    assert standing["archive-documenti"] == State.READY
    for archive in ARCHIVES:
        assert s3(town.keys["restore"]).get_object(Bucket=archive, Key="dopo")["Body"].read() == b"2"
        for writer in (town.keys["writer"], newer):
            s3(writer).put_object(Bucket=archive, Key="ancora", Body=b"3")


def change(town: Town, towns: Towns) -> None:
    """Another archive, and everything is kept for longer."""
    archives = [{"name": name, "expected_interval_hours": 24} for name in ARCHIVES]
    terms = {**fresh(town).terms, "archives": archives, "retention_days": 40}
    request = changing.change_terms(subscription=town.subscription, terms=terms, by=town.owner)
    towns.decide(request)
    done(request)


def refuse_the_repair(town: Town) -> None:
    """The portal asks to bring the cluster back to what it remembers; nobody says yes to that."""
    asked = fresh(town).requests.filter(decision="", kind=RequestKind.REPAIR)
    wait_until("the repair asked for", asked.exists, timeout_s=SOON_S)
    reject_request(request=asked.get(), by=demo("approver@region.example"), note="The database is an hour old.")


def held() -> bool:
    return PlatformState.objects.filter(held_at__isnull=False).exists()


def looked_at(town: Town) -> None:
    """The platform was listed, and a worker has looked at all of the town's since."""
    upkeep.take_census()
    stacks.look_now(town.subscription.stack_key)
    mine = Stack.objects.filter(key=town.subscription.stack_key)
    resting = Q(next_look=None) | Q(next_look__gt=now())
    wait_until("a look", lambda: mine.filter(resting, claim_token=None).exists(), timeout_s=SOON_S)


def on_cluster(portal: LivePortal, town: Town) -> dict[str, Any]:
    """What is there, past the portal: identities, keys, archives, each version in them, for how long it is kept."""
    users = portal.users_on_cluster()
    found: dict[str, Any] = {uid: portal.keys_on_cluster(uid) for uid in users}
    restore = s3(town.keys["restore"])
    for bucket in portal.buckets_on_cluster():
        name = bucket.partition("/")[2]
        found[bucket] = [
            f"{v['Key']} {v['VersionId']}" for v in restore.list_object_versions(Bucket=name)["Versions"]
        ]
        rules = s3(owner_of(town)).get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        [days] = [r["NoncurrentVersionExpiration"]["NoncurrentDays"] for r in rules if r["ID"] == "old-versions"]
        found[f"days of {bucket}"] = list(range(days))
    return found


def owner_of(town: Town) -> Keys:
    """Nobody is ever handed this one; only it reads how long an archive keeps."""
    row = Resource.objects.get(stack__key=town.subscription.stack_key, name="owner-key")
    key = vault.read([row.pk])[row.pk]
    return Keys(key["access_key"].reveal(), key["secret_key"].reveal(), town.keys["restore"].connection)


def gone(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is not there any more; more is welcome."""
    return [f"{name}: {one}" for name, held in before.items() for one in held if one not in after.get(name, [])]
