"""What stood on a platform is put into the archive once, whole or not at all, and becomes a recovery point."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from elaastic.services.changing import suspend
from provisioning.domain.errors import PermanentError
from provisioning.services.storing import abandon, store
from tests.elaastic.intake.town import MIB, Town
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.provisioning.operations import forge

# Two parts, and a third that is small.
CONTENT = forge.raw(33)
SUM = hashlib.sha512(CONTENT).hexdigest()
KEY = "files/failback-20261123T184105Z.raw"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "files.raw"
    made.write_bytes(CONTENT)
    return made


def put(town: Town, file: Path, sha512: str = SUM, hold: object = None) -> None:
    store(town.row.stack_key, "images", KEY, file, sha512, through=iter, hold=hold or (lambda: None))  # type: ignore[arg-type]


def versions(town: Town) -> list[str]:
    found = town.s3("restore").list_object_versions(Bucket="images", Prefix="files/")
    return [one["VersionId"] for one in found.get("Versions", [])]


def unended(town: Town) -> list[str]:
    return [one["Key"] for one in town.s3().list_multipart_uploads(Bucket="images").get("Uploads", [])]


def test_it_becomes_a_recovery_point_with_that_sum(town: Town, file: Path) -> None:
    put(town, file)
    town.workers_look()
    (point,) = town.points()
    assert (point.key, point.sha512, point.size, point.state) == (KEY, SUM, 33 * MIB, "usable")
    assert unended(town) == []


def test_put_twice_it_is_there_once_though_the_file_is_gone(town: Town, file: Path) -> None:
    """A worker that died after the last byte is followed by one that has no file any more."""
    put(town, file)
    file.unlink()
    put(town, file)
    assert len(versions(town)) == 1


def test_what_a_killed_worker_began_goes_and_others_uploads_stay(town: Town, file: Path) -> None:
    town.s3().create_multipart_upload(Bucket="images", Key=KEY)
    town.s3().create_multipart_upload(Bucket="images", Key=f"{KEY}.other")
    put(town, file)
    assert unended(town) == [f"{KEY}.other"]
    town.s3().create_multipart_upload(Bucket="images", Key=KEY)
    abandon(town.row.stack_key, "images", KEY)
    assert unended(town) == [f"{KEY}.other"] and len(versions(town)) == 1


def test_other_bytes_and_a_lost_claim_put_nothing_there(town: Town, file: Path) -> None:
    with pytest.raises(PermanentError) as refused:
        put(town, file, "0" * 128)
    assert refused.value.reason == "ContentDiffers"

    def lost() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        put(town, file, hold=lost)

    def breaks(chunks: Iterable[bytes]) -> Iterator[bytes]:
        yield next(iter(chunks))
        raise TimeoutError

    with pytest.raises(TimeoutError):
        store(town.row.stack_key, "images", KEY, file, SUM, through=breaks, hold=lambda: None)
    assert versions(town) == [] and unended(town) == []


def test_it_comes_home_though_writing_is_suspended(town: Town, file: Path) -> None:
    """The owner's key puts it there, which nobody else has."""
    suspend(subscription=town.row, by=town.world["operator"].actor)
    workers_make_plans()
    workers_bring_everything_up()
    put(town, file)
    assert len(versions(town)) == 1
