"""A locked copy survives every key that the portal hands out and every call that it makes."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

import pytest

from elaastic.levels.level1 import BLUEPRINT
from lab.deadline import wait_until
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Manifest, Placement
from provisioning.providers.ceph.client.admin import Admin
from provisioning.providers.ceph.client.credentials import read as read_credentials
from provisioning.providers.ceph.client.guard import PurgeRefused
from provisioning.selectors.region import platform
from provisioning.selectors.stacks import ResourceView, plan, resources, stacks
from provisioning.services.stacks import approve_plan, propose_plan
from tests.lab.flow.town import SOON_S, Town, Towns
from tests.lab.flow.wire import refusal, s3
from tests.lab.workers import LivePortal

pytestmark = pytest.mark.real

KEY, BODY = "sindaco/contratto.pdf", b"signed"
REFUSED = {"AccessDenied"}


@dataclass(frozen=True)
class Locked:
    """A town whose archive is locked, with one copy in it."""

    town: Town
    version: str
    mode: str

    def still_there(self) -> bool:
        """The very version, by the restore key."""
        reader = s3(self.town.keys["restore"])
        found = reader.get_object(Bucket=self.town.bucket, Key=KEY, VersionId=self.version)
        return bool(found["Body"].read() == BODY)


@pytest.fixture(scope="module", params=["governance", "compliance"])
def locked(portal: LivePortal, towns: Towns, request: pytest.FixtureRequest) -> Iterator[Locked]:
    portal.start_worker("a")
    town = towns.ready(immutability=request.param, retention_days=2)
    answer = s3(town.keys["writer"]).put_object(
        Bucket=town.bucket, Key=KEY, Body=BODY, ContentMD5=b64encode(md5(BODY).digest()).decode()
    )
    yield Locked(town, answer["VersionId"], request.param)


def destructions(locked: Locked) -> list[tuple[str, dict[str, Any]]]:
    """Everything S3 offers to destroy the version, or the lock, or what protects it."""
    version = {"Bucket": locked.town.bucket, "Key": KEY, "VersionId": locked.version}
    bucket = {"Bucket": locked.town.bucket}
    soon = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(seconds=5)}
    days = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    end = {"ID": "now", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    return [
        ("delete_object", version),
        ("delete_object", version | {"BypassGovernanceRetention": True}),
        ("put_object_retention", version | {"Retention": soon}),
        ("put_object_retention", version | {"Retention": soon, "BypassGovernanceRetention": True}),
        ("put_object_legal_hold", version | {"LegalHold": {"Status": "OFF"}}),
        (
            "put_object_lock_configuration",
            bucket | {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": days}},
        ),
        ("put_bucket_versioning", bucket | {"VersioningConfiguration": {"Status": "Suspended"}}),
        ("put_bucket_lifecycle_configuration", bucket | {"LifecycleConfiguration": {"Rules": [end]}}),
        ("delete_bucket_policy", bucket),
        ("delete_bucket", bucket),
    ]


@pytest.mark.parametrize("credential", ["writer", "restore"])
def test_no_handed_out_key_destroys_a_locked_copy_or_its_lock(locked: Locked, credential: str) -> None:
    client = s3(locked.town.keys[credential])
    answers = {call: refusal(client, call, **words) for call, words in destructions(locked)}
    assert set(answers.values()) <= REFUSED, answers
    assert locked.still_there()


def test_the_portal_s_own_client_refuses_to_purge_whoever_asks(portal: LivePortal, locked: Locked) -> None:
    """Its caps would let it: the guard in the one client is what stops it."""
    ours = platform(portal.platform)
    assert ours is not None
    admin = Admin(ours.endpoints["api"], lambda: read_credentials(ours.credentials_file), None)
    for method, words in (
        ("remove_user", {"uid": f"{locked.town.tenant}$owner", "purge_data": True}),
        ("remove_bucket", {"bucket": f"{locked.town.tenant}/{locked.town.bucket}", "purge_objects": True}),
        ("remove_bucket", {"bucket": f"{locked.town.tenant}/{locked.town.bucket}"}),
    ):
        with pytest.raises(PurgeRefused):
            admin._call("trying to destroy", method, **words)
    assert locked.still_there()


def test_an_end_without_a_purge_keeps_the_archive_and_who_restores_from_it(locked: Locked) -> None:
    end(locked.town, purge=())
    wait_until("retained", lambda: stack_state(locked.town) == State.RETAINED, timeout_s=SOON_S)
    kept = {r.name: r.condition.state for r in resources(locked.town.subscription.stack_key)}
    assert kept["archive-backup"] == State.RETAINED
    assert kept["restore-key"] == State.RETAINED
    assert locked.still_there()


def test_an_end_with_a_purge_is_stopped_by_the_lock(locked: Locked) -> None:
    """After the one without: the region said yes in words, and the copy is still not the portal's to take."""
    end(locked.town, purge=("archive-backup",))
    wait_until("the archive's end tried", lambda: archive(locked.town).condition.reason == "Locked")
    assert archive(locked.town).condition.state in (State.BLOCKED, State.FAILED)
    assert locked.still_there()


def end(town: Town, purge: tuple[str, ...]) -> None:
    """A plan whose wanted shape is nothing, approved."""
    key = town.subscription.stack_key
    placement = Placement.parse(town.subscription.placement)
    shown = plan(propose_plan(key, Manifest(BLUEPRINT), placement, purge))
    assert shown is not None
    approve_plan(shown.id, shown.digest)


def stack_state(town: Town) -> State:
    return stacks([town.subscription.stack_key])[town.subscription.stack_key].condition.state


def archive(town: Town) -> ResourceView:
    return next(r for r in resources(town.subscription.stack_key) if r.name == "archive-backup")
