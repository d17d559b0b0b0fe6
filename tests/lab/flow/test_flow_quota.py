"""Over quota the cluster says no, and the portal says why before anybody has to ask."""

import os

import pytest
from django.utils import translation

from elaastic.usage import usage_of
from lab.deadline import wait_until
from tests.lab.flow.town import Town, Towns, rows
from tests.lab.flow.wire import refusal, s3
from tests.lab.workers import LivePortal

pytestmark = pytest.mark.real

MIB = 2**20
PART = 64 * MIB
QUOTA = 1024 * MIB
# The gateway checks against figures up to 2 s old here: a few more parts may slip in before the first refusal.
LAG = 6 * PART


@pytest.fixture(scope="module")
def full(portal: LivePortal, towns: Towns) -> Town:
    """1 GiB on two sites, filled until the cluster refuses. Copies inside the gateway share their bytes."""
    portal.start_worker("a")
    town = towns.ready(quota_gib=1, copies=2)
    writer = s3(town.keys["writer"])
    writer.put_object(Bucket=town.bucket, Key="0", Body=os.urandom(PART))
    source = {"Bucket": town.bucket, "Key": "0"}
    for number in range(1, 14):
        writer.copy_object(Bucket=town.bucket, Key=str(number), CopySource=source)
    more = {"Bucket": town.bucket, "Key": "more", "Body": b"x" * PART}
    wait_until("the quota enforced", lambda: refusal(writer, "put_object", **more) == "QuotaExceeded")
    return town


def test_what_does_not_fit_is_refused_by_the_cluster_and_the_rest_stays_readable(full: Town) -> None:
    writer, restore = s3(full.keys["writer"]), s3(full.keys["restore"])
    for key in ("a", "b"):
        words = {"Bucket": full.bucket, "Key": key, "Body": b"x" * PART}
        # Figures that it takes anew may be older than those by which it refused: again, parts may slip in.
        wait_until("it refused again", lambda w=words: refusal(writer, "put_object", **w) == "QuotaExceeded")
    assert restore.head_object(Bucket=full.bucket, Key="13")["ContentLength"] == PART
    held = sum(v["Size"] for v in restore.list_object_versions(Bucket=full.bucket)["Versions"])
    assert held <= QUOTA + LAG


def test_the_portal_explains_it_from_a_sample_that_a_worker_took(full: Town) -> None:
    sampled_again()
    wait_until("a sample of the full archive", lambda: usage_of(full.subscription).nearly_full, timeout_s=30)
    found = usage_of(full.subscription)
    assert found.quota_bytes == QUOTA
    assert 0.9 * QUOTA <= found.held_bytes <= QUOTA + LAG
    with translation.override("en"):
        assert found.sentence == (
            f"{found.held_bytes / 2**30:.1f} of 1 GiB are used, earlier versions included. A copy that no longer "
            "fits is refused with the error QuotaExceeded. Ask for more space, or wait until earlier versions "
            "end after 30 days; what is stored stays readable."
        )


def test_an_archive_nobody_has_looked_at_yet_is_not_called_empty(towns: Towns) -> None:
    town, _ = towns.ask()
    with translation.override("en"):
        assert usage_of(town.subscription).sentence == (
            "How much space is used will be known within a few minutes."
        )


def sampled_again() -> None:
    """The samples' slot comes round now instead of in five minutes; a worker takes it."""
    rows("UPDATE provisioning_timedwork SET due_at = now() WHERE name = 'samples' RETURNING id")
