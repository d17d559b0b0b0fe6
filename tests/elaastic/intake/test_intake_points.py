"""What a town uploads under a machine's name becomes a recovery point, or says why not."""

from collections.abc import Iterator

import pytest

from elaastic.models import ImagesLook, RecoveryPoint
from elaastic.selectors.recovery import newest_of, newest_usable
from elaastic.services import intake
from provisioning.services import images
from tests.elaastic.images import arrived
from tests.elaastic.intake.town import MIB, Town, sums
from tests.provisioning.operations import forge

GIB = 2**30


def test_an_image_in_one_piece_becomes_a_point_with_its_sums(town: Town) -> None:
    content = forge.qcow2()
    town.s3().put_object(Bucket="images", Key="files/2026-11-23.qcow2", Body=content)
    town.workers_look()
    (point,) = town.points()
    assert (point.state, point.reason) == ("usable", "")
    assert (point.sha256, point.sha512) == sums(content)
    assert (point.form, point.virtual_bytes, point.size) == ("qcow2", GIB, len(content))
    assert point.disks == [{"name": "disk-0", "form": "qcow2", "virtual_bytes": GIB}]
    assert newest_usable(town.row, "files") == point
    assert newest_usable(town.row, "web") is None
    town.workers_look()
    assert town.points() == [point]


def test_half_an_upload_is_no_point_until_its_last_part_came(town: Town) -> None:
    content, client = forge.raw(6), town.s3()
    at = {"Bucket": "images", "Key": "web/disk.raw"}
    upload = client.create_multipart_upload(**at)["UploadId"]
    parts = []
    for number, piece in enumerate((content[: 5 * MIB], content[5 * MIB :]), start=1):
        town.workers_look()
        assert not town.points("web")
        sent = client.upload_part(**at, UploadId=upload, PartNumber=number, Body=piece)
        parts.append({"PartNumber": number, "ETag": sent["ETag"]})
    town.workers_look()
    assert not town.points("web")
    client.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": parts})
    town.workers_look()
    (point,) = town.points("web")
    assert (point.state, point.form, point.virtual_bytes) == ("usable", "raw", 6 * MIB)
    assert (point.sha256, point.sha512) == sums(content)
    assert "-2" in point.etag


def test_what_lies_beside_an_image_is_none_and_what_lies_elsewhere_belongs_to_nobody(town: Town) -> None:
    client = town.s3()
    for key in (
        "files/README",
        "files/disk.qcow2.sha256",
        "files/vzdump.log",
        "files/",
        "letter.txt",
        "other/x.raw",
    ):
        client.put_object(Bucket="images", Key=key, Body=b"the town's own words" if not key.endswith("/") else b"")
    town.workers_look()
    assert not RecoveryPoint.objects.exists()
    look = ImagesLook.objects.get()
    assert (look.stray_count, look.strays) == (2, ["letter.txt", "other/x.raw"])


@pytest.mark.parametrize(("file", "line"), [("disk.raw.sha256", "{}"), ("SHA256SUMS", "{}  ./disk.raw\n")])
def test_a_file_of_sums_beside_it_is_compared(town: Town, file: str, line: str) -> None:
    content, client = forge.raw(), town.s3()
    client.put_object(Bucket="images", Key="files/disk.raw", Body=content)
    client.put_object(Bucket="images", Key=f"files/{file}", Body=line.format(sums(content)[0]).encode())
    town.workers_look()
    assert town.points()[0].sum_file == ""
    town.workers_look()
    assert town.points()[0].sum_file == "matches"
    client.put_object(Bucket="images", Key=f"files/{file}", Body=line.format("0" * 64).encode())
    town.workers_look()
    (point,) = town.points()
    assert (point.state, point.sum_file) == ("usable", "differs")


def test_each_version_is_a_point_and_a_deletion_mark_takes_none_away(town: Town) -> None:
    client = town.s3()
    for mib in (1, 2):
        client.put_object(Bucket="images", Key="files/disk.raw", Body=forge.raw(mib))
        town.workers_look()
    client.delete_object(Bucket="images", Key="files/disk.raw")  # whoever holds the writer's key can do this
    town.workers_look()
    newest, older = town.points()
    assert (newest.size, older.size) == (2 * MIB, MIB)
    assert (newest.gone_at, older.gone_at) == (None, None)
    assert newest_usable(town.row, "files") == newest


def test_what_is_really_gone_leaves_a_tombstone(town: Town) -> None:
    for mib in (1, 2):
        town.s3().put_object(Bucket="images", Key="files/disk.raw", Body=forge.raw(mib))
        town.workers_look()
    newest, older = town.points()
    town.destroy(newest)
    town.workers_look()
    assert newest_usable(town.row, "files") == older
    newest.refresh_from_db()
    assert newest.gone_at is not None and newest.state == "usable"


def test_what_is_written_again_while_it_is_read_is_read_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    client, real = town.s3(), images.stream
    client.put_object(Bucket="images", Key="files/disk.raw", Body=forge.raw(3))

    def overtaken(where: images.Where) -> Iterator[bytes]:
        chunks = real(where)
        yield next(chunks)
        client.put_object(Bucket="images", Key="files/disk.raw", Body=forge.raw(1))
        yield from chunks

    monkeypatch.setattr(images, "stream", overtaken)
    town.workers_look()
    monkeypatch.undo()
    town.workers_look()
    newest, older = town.points()
    assert (older.sha256, newest.sha256) == (sums(forge.raw(3))[0], sums(forge.raw(1))[0])
    assert {newest.state, older.state} == {"usable"}


def test_a_disk_that_was_too_large_is_looked_at_again_when_the_terms_allow_it(town: Town) -> None:
    town.s3().put_object(Bucket="images", Key="files/disk.qcow2", Body=forge.qcow2(20 * GIB))
    town.workers_look()
    assert [p.reason for p in town.points()] == ["TooLarge"]
    row = town.row
    row.terms["machines"][0]["disk_gib"] = 20
    row.save()
    town.workers_look()
    assert [(p.state, p.reason) for p in town.points()] == [("usable", "")]


def test_a_machine_that_the_terms_lost_has_its_image_read_when_it_is_back(town: Town) -> None:
    town.s3().put_object(Bucket="images", Key="files/disk.raw", Body=forge.raw())
    assert intake.note_images(town.row)
    row = town.row
    both = row.terms["machines"]
    row.terms = {**row.terms, "machines": both[1:]}
    row.save()
    town.workers_look()
    assert [p.state for p in town.points()] == ["looking"]
    assert ImagesLook.objects.get().strays == ["files/disk.raw"]
    row.terms = {**row.terms, "machines": both}
    row.save()
    town.workers_look()
    assert [p.state for p in town.points()] == ["usable"]


def test_the_timetables_look_finds_what_came_and_closes_what_ended(town: Town) -> None:
    town.s3().put_object(Bucket="images", Key="files/disk.raw", Body=forge.raw())
    intake.tick()
    assert [(p.state, p.gone_at) for p in town.points()] == [("looking", None)]
    row = town.row
    row.ended_at = row.closed_at = town.later.now()
    row.save()
    intake.tick()
    assert [p.gone_at for p in town.points()] == [row.ended_at]


def test_only_the_newest_of_each_state_is_read_however_many_are_kept(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in range(1, 8):
        arrived(town.row, hours, machine="files")
        arrived(town.row, hours + 0.5, "refused", machine="files")
    latest = arrived(town.row, 0.1, machine="web")
    arrived(town.row, 0.2, "looking", machine="web", gone_at=town.later.now())
    read, real = list[str](), RecoveryPoint.from_db.__func__  # type: ignore[attr-defined]

    def counted(cls: type[RecoveryPoint], db: str, names: list[str], values: list[object]) -> RecoveryPoint:
        read.append(str(values))
        found: RecoveryPoint = real(cls, db, names, values)
        return found

    monkeypatch.setattr(RecoveryPoint, "from_db", classmethod(counted))
    found = newest_of([town.row])
    assert len(read) == 3
    files = found[town.row.pk, "files"]
    assert {state: one.key for state, one in files.items()} == {
        "usable": "files/1.qcow2",
        "refused": "files/1.5.qcow2",
    }
    assert found[town.row.pk, "web"] == {"usable": latest}
