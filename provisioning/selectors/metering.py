"""What archives held when last looked at, without asking a platform."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from provisioning.models import ArchiveSample, Resource


@dataclass(frozen=True)
class ArchiveUse:
    """Bytes at the newest look. `held_bytes` is what the quota counts; `newest_at` None in an empty archive."""

    resource: str
    at: datetime
    held_bytes: int
    held_objects: int
    current_bytes: int
    newest_at: datetime | None
    first_at: datetime  # the first look that is kept


def archive_uses(key: str) -> list[ArchiveUse]:
    """The newest sample of each archive of this stack, in one query; an archive never looked at is left out."""
    return archive_uses_of([key])[key]


def archive_uses_of(keys: Iterable[str]) -> dict[str, list[ArchiveUse]]:
    """The same for several stacks, by key, in one query."""
    found: dict[str, list[ArchiveUse]] = {key: [] for key in keys}
    of_archive = ArchiveSample.objects.filter(resource=OuterRef("pk")).order_by("-at", "-pk")
    archives = Resource.objects.filter(stack__key__in=list(found), kind="ceph.bucket")
    wanted = archives.annotate(newest=Subquery(of_archive.values("pk")[:1])).values("newest")
    first = ArchiveSample.objects.filter(resource=OuterRef("resource")).order_by("at").values("at")[:1]
    rows = ArchiveSample.objects.filter(pk__in=wanted).annotate(first_at=Subquery(first))
    for r in rows.select_related("resource__stack").order_by("resource_id"):
        use = ArchiveUse(
            r.resource.name, r.at, r.held_bytes, r.held_objects, r.current_bytes, r.newest_at, r.first_at
        )
        found[r.resource.stack.key].append(use)
    return found
