"""From an upload to a recovery point: what lies in the archives of images becomes rows, and each is looked at once.

1. Every few minutes each archive of images is listed, versions and all (`note_images`). A new current object under
   a machine's name becomes a point that waits for its look; a version that is no longer listed becomes a tombstone.
2. A worker takes one that waits (`inspecting.read_next`), beside its other work.
3. Where a file of sums lies beside an image, the next listing compares them.

An upload that was not completed is no version, so nothing here ever sees it.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from django.db import transaction
from django.db.models import OuterRef, Subquery

from elaastic.models import ImagesLook, PointState, RecoveryPoint, Subscription, SumFile
from elaastic.selectors.recovery import awaiting_images, images_archive, machines
from provisioning.domain.errors import NotFound, ProviderError
from provisioning.services import images
from provisioning.services.clock import now

log = logging.getLogger(__name__)
GIB: Final = 2**30
# What lies beside an image and is none: sums, notes and logs, as vzdump, ovftool and people write them. A file of
# this name that is larger is looked at: somebody may call a disk so.
_BESIDE: Final = re.compile(
    r"(?:^|/)(?:readme[^/]*|(?:sha|md5)\d*sums?[^/]*|[^/]*\.(?:sha\d+|md5|txt|md|log|notes|json|xml|ovf|mf|asc|sig))$",
    re.IGNORECASE,
)
_BESIDE_BYTES: Final = 2**20
# Of each machine so many of the newest are looked at: nobody starts from the two-hundred-and-first.
MOST_POINTS: Final = 200
_STRAYS_NAMED: Final = 20
_SUMS_AT_ONCE: Final = 20


def tick() -> None:
    """One look at every archive of images; what ended has none any longer."""
    ended = Subscription.objects.filter(pk=OuterRef("subscription")).values("ended_at")[:1]
    over = RecoveryPoint.objects.filter(gone_at=None, subscription__ended_at__isnull=False)
    over.update(gone_at=Subquery(ended))
    for row in awaiting_images():
        note_images(row)


def note_images(row: Subscription) -> bool:
    """List one archive and write down what changed; False when it could not be seen, and nothing changes then."""
    archive, began = images_archive(row), now()
    if not archive:
        return True
    try:
        found = images.versions(row.stack_key, archive)
        with transaction.atomic():
            _note(row, archive, found, began)
        _compare_sums(row, archive, found)
    except (NotFound, ProviderError) as error:
        log.warning("The images of %s could not be listed: %s", row, error.message)
        return False
    return True


def _note(row: Subscription, archive: str, found: list[images.Version], began: datetime) -> None:
    most = {machine["name"]: machine["disk_gib"] * GIB for machine in machines(row)}
    by_machine: dict[str, list[images.Version]] = {name: [] for name in most}
    strays = []
    for one in found:
        if not one.latest or one.key.endswith("/") or "\0" in one.key:
            continue  # earlier versions, folders as some clients make them, names that no database takes
        machine = _machine_of(one.key)
        if machine not in most:
            strays.append(one.key)
        elif one.size > _BESIDE_BYTES or not _BESIDE.search(one.key):
            by_machine[machine].append(one)
    more = sum(max(0, len(those) - MOST_POINTS) for those in by_machine.values())
    for machine, those in by_machine.items():
        those.sort(key=lambda one: one.written, reverse=True)
        _add(row, archive, machine, those[:MOST_POINTS])
    _mark_gone(row, archive, found, began)
    _look_again(row, most)
    before = ImagesLook.objects.filter(subscription=row).first()
    since = before.machines if before else {}
    said = {
        "at": began,
        "machines": {name: since.get(name, began.isoformat()) for name in most},
        "strays": strays[:_STRAYS_NAMED],
        "stray_count": len(strays),
        "more_count": more,
    }
    ImagesLook.objects.update_or_create(subscription=row, defaults=said)


def _machine_of(key: str) -> str:
    folder, slash, rest = key.partition("/")
    return folder if slash and rest else ""


def _add(row: Subscription, archive: str, machine: str, those: list[images.Version]) -> None:
    moment = now()
    mine = RecoveryPoint.objects.filter(subscription=row, archive=archive)
    known = set(mine.filter(machine=machine).values_list("key", "version"))
    RecoveryPoint.objects.bulk_create(
        [
            RecoveryPoint(
                subscription=row, machine=machine, archive=archive, key=one.key, version=one.version, etag=one.etag,
                size=one.size, arrived_at=one.written, noted_at=moment, look_due=moment,
            )
            for one in those
            if (one.key, one.version) not in known
        ],
        ignore_conflicts=True,  # another worker lists at the same time
    )  # fmt: skip


def _mark_gone(row: Subscription, archive: str, found: list[images.Version], began: datetime) -> None:
    """Only of what was known before this listing began: another worker's may be newer."""
    there = {(one.key, one.version) for one in found}
    mine = RecoveryPoint.objects.filter(subscription=row)
    known = mine.filter(archive=archive, noted_at__lt=began).values_list("pk", "key", "version", "gone_at")
    gone = [pk for pk, key, version, gone_at in known if (key, version) not in there and gone_at is None]
    back = [pk for pk, key, version, gone_at in known if (key, version) in there and gone_at is not None]
    mine.filter(pk__in=gone).update(gone_at=began)
    mine.filter(pk__in=back).update(gone_at=None)


def _look_again(row: Subscription, most: Mapping[str, int]) -> None:
    """What was too large, and is no longer since the terms were changed; and what nobody was to look at."""
    for machine, bytes_ in most.items():
        mine = RecoveryPoint.objects.filter(subscription=row, machine=machine, gone_at=None)
        too_large = mine.filter(state=PointState.REFUSED, reason="TooLarge", most_bytes__lt=bytes_)
        too_large.update(state=PointState.LOOKING, reason="", detail="", look_due=now())
        mine.filter(state=PointState.LOOKING, look_due=None).update(look_due=now())


def _compare_sums(row: Subscription, archive: str, found: Iterable[images.Version]) -> None:
    """Hold what was read against the file of sums that a client put beside it, each file once."""
    current = {one.key: one for one in found if one.latest and one.size <= images.SUMS_BYTES}
    read = 0
    points = RecoveryPoint.objects.filter(subscription=row, archive=archive, gone_at=None).exclude(sha256="")
    for point in points:
        file = _sum_file(point.key, current)
        if file is None or file.etag == point.sum_file_etag or read >= _SUMS_AT_ONCE:
            continue
        read += 1
        said = _said(images.text(images.Where(row.stack_key, archive, file.key, file.version)), point.key)
        says = (SumFile.MATCHES if said == point.sha256 else SumFile.DIFFERS) if said else SumFile.NONE
        RecoveryPoint.objects.filter(pk=point.pk).update(sum_file=says, sum_file_etag=file.etag)


def _sum_file(key: str, current: Mapping[str, images.Version]) -> images.Version | None:
    beside = f"{key.rpartition('/')[0]}/SHA256SUMS"
    return current.get(f"{key}.sha256") or current.get(beside)


def _said(text: str, key: str) -> str:
    """The SHA-256 of this file in a file of sums: `sum  name` a line, or the sum alone; "" when it names none."""
    lines = [re.fullmatch(r"([0-9A-Fa-f]{64})(?:\s+\*?(\S.*))?", line.strip()) for line in text.splitlines()]
    named = {PurePosixPath(m[2]).name if m[2] else "": m[1].lower() for m in lines if m}
    return named.get(PurePosixPath(key).name) or (named.get("", "") if len(named) == 1 else "")


def largest_disk(row: Subscription, machine: str) -> int | None:
    """In bytes, as agreed; None when the terms name no such machine any longer."""
    found: list[Any] = [one["disk_gib"] * GIB for one in machines(row) if one["name"] == machine]
    return found[0] if found else None
