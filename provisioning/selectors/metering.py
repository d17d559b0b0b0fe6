"""What archives held when last looked at, without asking a platform."""

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


def archive_uses(key: str) -> list[ArchiveUse]:
    """The newest sample of each archive of this stack, in one query; an archive never looked at is left out."""
    newest = ArchiveSample.objects.filter(resource=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
    archives = Resource.objects.filter(stack__key=key, kind="ceph.bucket")
    wanted = archives.annotate(newest=Subquery(newest)).values("newest")
    rows = ArchiveSample.objects.filter(pk__in=wanted).select_related("resource").order_by("resource_id")
    return [
        ArchiveUse(r.resource.name, r.at, r.held_bytes, r.held_objects, r.current_bytes, r.newest_at) for r in rows
    ]
