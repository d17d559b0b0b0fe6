"""Looking at what archives hold. A worker's job: a page reads the newest sample and asks no platform."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable

from django.db.models import QuerySet

from provisioning.domain.conditions import State
from provisioning.domain.errors import ProviderError
from provisioning.domain.secrets import Secret
from provisioning.engine import breaker
from provisioning.models import ArchiveSample, ArrivedObject, Resource, clock
from provisioning.services.archives import eye
from provisioning.services.surroundings import provider

log = logging.getLogger(__name__)

# Raw samples; what is older lives on in daily figures (design: reliability, Performance goals).
KEEP: Final = timedelta(days=90)


# Remembered of each archive; one that is one too many makes room for it at random.
MEASURES: Final = 500


class Arrival(Protocol):
    """An object as it was listed."""

    @property
    def key(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def etag(self) -> str: ...
    @property
    def written(self) -> datetime: ...


class Figures(Protocol):
    """What a look at an archive shows: bytes, counts, and when the newest current object was written."""

    @property
    def held_bytes(self) -> int: ...
    @property
    def held_objects(self) -> int: ...
    @property
    def current_bytes(self) -> int: ...
    @property
    def current_objects(self) -> int: ...
    @property
    def newest(self) -> datetime | None: ...
    @property
    def arrived(self) -> Iterable[Arrival]: ...


@runtime_checkable
class Meter(Protocol):
    """A provider that can say what an archive holds."""

    def figures(
        self, tenant: str, bucket: str, access_key: str, secret_key: Secret, since: datetime | None
    ) -> Figures:
        """Seen with the archive's read-only key; `since`: the newest object of the look before."""
        ...


def sample_archives() -> None:
    """One sample of each archive that stands; what does not answer is passed over until the next slot."""
    _sample_all(Resource.objects.all())
    ArchiveSample.objects.filter(at__lt=clock.now() - KEEP).delete()


def sample_stack(stack_key: str) -> bool:
    """The same for one stack, now; False when an archive could not be seen."""
    return _sample_all(Resource.objects.filter(stack__key=stack_key))


def _sample_all(rows: QuerySet[Resource]) -> bool:
    standing = rows.filter(kind="ceph.bucket", state__in=[State.READY, State.RETAINED])
    away = breaker.open_platforms()
    seen = not standing.filter(platform__in=away).exists()
    for row in standing.exclude(platform__in=away).iterator():
        try:
            _sample(row)
        except ProviderError as error:
            log.warning("What %s holds could not be seen: %s", row, error.message)
            seen = False
    return seen


def _sample(row: Resource) -> None:
    # Not every provider has a meter; the engine's protocol does not ask for one.
    found: object = provider(row.platform)
    key = eye(row)
    if not isinstance(found, Meter) or not {"access_key", "secret_key"} <= key.keys():
        return
    tenant, bucket = str(row.outputs["tenant"]), str(row.outputs["bucket"])
    before = row.samples.order_by("-at", "-pk").first()
    since = before.newest_at if before else None
    seen = found.figures(tenant, bucket, key["access_key"].reveal(), key["secret_key"], since)
    _note_arrivals(row, seen.arrived)
    ArchiveSample.objects.create(
        resource=row,
        at=clock.now(),
        held_bytes=seen.held_bytes,
        held_objects=seen.held_objects,
        current_bytes=seen.current_bytes,
        current_objects=seen.current_objects,
        newest_at=seen.newest,
    )


def _note_arrivals(row: Resource, arrived: Iterable[Arrival]) -> None:
    """The measures of later readings; those beyond MEASURES go, whichever they are."""
    moment = clock.now()
    ArrivedObject.objects.bulk_create(
        [
            ArrivedObject(resource=row, key=a.key, size=a.size, etag=a.etag, written_at=a.written, noted_at=moment)
            for a in arrived
        ],
        ignore_conflicts=True,
    )
    surplus = ArrivedObject.objects.filter(resource=row).count() - MEASURES
    if surplus > 0:
        gone = ArrivedObject.objects.filter(resource=row).order_by("?").values_list("pk", flat=True)[:surplus]
        ArrivedObject.objects.filter(pk__in=list(gone)).delete()
