"""Looking at what archives hold. A worker's job: a page reads the newest sample and asks no platform."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable

from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.errors import ProviderError
from provisioning.domain.secrets import Secret
from provisioning.engine import breaker
from provisioning.models import ArchiveSample, Resource, clock
from provisioning.services.surroundings import provider

log = logging.getLogger(__name__)

# Raw samples; what is older lives on in daily figures (design: reliability, Performance goals).
KEEP: Final = timedelta(days=90)


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


@runtime_checkable
class Meter(Protocol):
    """A provider that can say what an archive holds."""

    def figures(self, tenant: str, bucket: str, access_key: str, secret_key: Secret) -> Figures:
        """Seen with the archive's read-only key."""
        ...


def sample_archives() -> None:
    """One sample of each archive that stands; what does not answer is passed over until the next slot."""
    standing = Resource.objects.filter(kind="ceph.bucket", state__in=[State.READY, State.RETAINED])
    away = breaker.open_platforms()
    for row in standing.exclude(platform__in=away).iterator():
        try:
            _sample(row)
        except ProviderError as error:
            log.warning("What %s holds could not be seen: %s", row, error.message)
    ArchiveSample.objects.filter(at__lt=clock.now() - KEEP).delete()


def _sample(row: Resource) -> None:
    # Not every provider has a meter; the engine's protocol does not ask for one.
    found: object = provider(row.platform)
    key = _eye(row)
    if not isinstance(found, Meter) or not {"access_key", "secret_key"} <= key.keys():
        return
    tenant, bucket = str(row.outputs["tenant"]), str(row.outputs["bucket"])
    seen = found.figures(tenant, bucket, key["access_key"].reveal(), key["secret_key"])
    ArchiveSample.objects.create(
        resource=row,
        at=clock.now(),
        held_bytes=seen.held_bytes,
        held_objects=seen.held_objects,
        current_bytes=seen.current_bytes,
        current_objects=seen.current_objects,
        newest_at=seen.newest,
    )


def _eye(archive: Resource) -> Mapping[str, Secret]:
    """The secrets of the key that may only look: the one whose identity is the archive's probe."""
    keys = Resource.objects.filter(stack_id=archive.stack_id, kind="ceph.key", state=State.READY)
    mine = [key for key in keys if key.spec.get("user") == archive.spec.get("probe")]
    return vault.read([mine[0].pk])[mine[0].pk] if mine else {}
