"""What a drill starts from is brought whole, or not at all."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from elaastic.models import RecoveryPoint
from elaastic.selectors.recovery import newest_usable
from provisioning.domain.errors import PermanentError
from provisioning.services.fetching import fetch
from provisioning.services.images import Through
from tests.elaastic.intake.town import MIB, Town
from tests.provisioning.operations import forge

CONTENT = forge.raw(3)


@pytest.fixture
def point(town: Town) -> RecoveryPoint:
    town.s3().put_object(Bucket="images", Key="files/disk.raw", Body=CONTENT)
    town.workers_look()
    found = newest_usable(town.row, "files")
    assert found is not None
    return found


def brought(town: Town, point: RecoveryPoint, to: Path, sha512: str, through: Through = iter) -> int:
    return fetch(town.row.stack_key, point.archive, point.key, point.version, to, sha512, through=through)


def test_the_version_that_was_looked_at_is_brought_though_it_was_written_again(
    town: Town, point: RecoveryPoint, tmp_path: Path
) -> None:
    town.s3().put_object(Bucket="images", Key=point.key, Body=forge.raw(2))
    assert brought(town, point, tmp_path / "disk", point.sha512) == 3 * MIB
    assert (tmp_path / "disk").read_bytes() == CONTENT


def test_other_bytes_than_were_looked_at_leave_nothing(town: Town, point: RecoveryPoint, tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as refused:
        brought(town, point, tmp_path / "disk", "0" * 128)
    assert refused.value.reason == "ContentDiffers"
    assert not list(tmp_path.glob("disk*"))


def test_whoever_loses_his_claim_stops_and_leaves_nothing(town: Town, point: RecoveryPoint, tmp_path: Path) -> None:
    def lost(chunks: Iterable[bytes]) -> Iterator[bytes]:
        yield next(iter(chunks))
        raise TimeoutError

    with pytest.raises(TimeoutError):
        brought(town, point, tmp_path / "disk", point.sha512, lost)
    assert not list(tmp_path.glob("disk*"))
