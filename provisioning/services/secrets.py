"""Showing a secret, once."""

from django.db import transaction

from provisioning import vault
from provisioning.domain.conditions import State
from provisioning.domain.errors import AlreadyRevealed, NotFound
from provisioning.domain.secrets import Secret
from provisioning.engine import claims
from provisioning.models import Resource, clock


def reveal(key: str, resource: str) -> dict[str, Secret]:
    """The secrets of one resource that stands, by field, the first time; AlreadyRevealed ever after."""
    with transaction.atomic():
        stands = [State.READY, State.RETAINED]
        row = Resource.objects.filter(stack__key=key, name=resource, state__in=stands).first()
        if row is None:
            raise NotFound("There is no such credential, or it is not ready yet.")
        if not Resource.objects.filter(pk=row.pk, revealed_at__isnull=True).update(revealed_at=clock.now()):
            raise AlreadyRevealed("This secret was shown already; a new one can be made by rotating it.")
        claims.note(row.stack_id, resource, "SecretRevealed")
        return vault.read([row.pk])[row.pk]
