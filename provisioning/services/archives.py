"""An archive within reach, opened with the key that may only look, or with its owner's. A worker's job."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.errors import NotFound
from provisioning.domain.secrets import Secret
from provisioning.engine import breaker
from provisioning.models import Resource
from provisioning.services.surroundings import provider


@dataclass(frozen=True)
class Opened:
    """`far`: its platform's provider, which can do more than the engine asks of one."""

    row: Resource
    far: object
    access_key: str
    secret_key: Secret

    @property
    def bucket(self) -> str:
        """As it is called on the platform."""
        return str(self.row.outputs["bucket"])


def open_archive(stack_key: str, archive: str, who: str = "probe") -> Opened:
    """`who`: probe, or owner for what has to be written. Raises NotFound when it does not stand, its platform is
    away, or there is no such key.
    """
    standing = Q(stack__key=stack_key, name=f"archive-{archive}", state__in=[State.READY, State.RETAINED])
    row = Resource.objects.filter(standing).first()
    if row is None or row.platform in breaker.open_platforms():
        raise NotFound(f"The archive {archive} cannot be reached now.")
    key = _key(row, who)
    if not {"access_key", "secret_key"} <= key.keys():
        raise NotFound(f"The archive {archive} has no key of its {who}.")
    return Opened(row, provider(row.platform), key["access_key"].reveal(), key["secret_key"])


def eye(archive: Resource) -> Mapping[str, Secret]:
    """The secrets of the key that may only look: the one whose identity is the archive's probe."""
    return _key(archive, "probe")


def _key(archive: Resource, who: str) -> Mapping[str, Secret]:
    keys = Resource.objects.filter(stack_id=archive.stack_id, kind="ceph.key", state=State.READY)
    mine = [key for key in keys if key.spec.get("user") == archive.spec.get(who)]
    return vault.read([mine[0].pk])[mine[0].pk] if mine else {}
