"""Handing over what was provisioned: a secret is shown once, and the trail says to whom."""

from dataclasses import dataclass

from django.db import transaction

from elaastic.levels import LEVELS, Mode
from elaastic.models import Subscription
from elaastic.models.errors import AlreadyRevealed, NotReady
from elaastic.permissions import may_collect
from elaastic.selectors.subscriptions import archives
from provisioning.domain import errors as provisioning_errors
from provisioning.domain.secrets import Secret
from provisioning.selectors.capacity import platforms
from provisioning.services.secrets import reveal
from tenants.models import Actor
from tenants.models.errors import Forbidden, NotFound
from tenants.services import audit


@dataclass(frozen=True)
class Connection:
    """Where the archives are reached; what every client configuration is made of."""

    endpoint: str
    region: str
    buckets: tuple[str, ...]


@dataclass(frozen=True)
class Revealed:
    """A credential with its secrets, on its way to the one page that shows it."""

    name: str
    access_key: Secret
    secret_key: Secret
    connection: Connection


def connection_of(subscription: Subscription) -> Connection:
    """From rows and the region file."""
    ceph = subscription.placement.get("platforms", {}).get("ceph", "")
    platform = next((p for p in platforms() if p.id == ceph), None)
    buckets = tuple(str(a.outputs.get("bucket", a.name)) for a in archives(subscription))
    return Connection(platform.endpoint if platform else "", platform.region if platform else "", buckets)


def reveal_credential(*, subscription: Subscription, name: str, by: Actor) -> Revealed:
    """The secret, once. Raises Forbidden, NotFound, NotReady, AlreadyRevealed."""
    level = LEVELS[subscription.level]
    if name not in level.credentials:
        raise NotFound
    resource = level.key(name, Mode.parse(subscription.mode))
    if not may_collect(by, subscription):
        raise Forbidden
    try:
        with transaction.atomic():
            secrets = reveal(subscription.stack_key, resource)
            # Made before the commit: what cannot be shown was not revealed either.
            shown = Revealed(name, secrets["access_key"], secrets["secret_key"], connection_of(subscription))
            audit.record(
                by=by,
                action="credential.revealed",
                subject_type="subscription",
                subject_id=subscription.public_id,
                authority=subscription.authority,
                after={"credential": name},
            )
    except provisioning_errors.NotFound as error:
        raise NotReady from error
    except provisioning_errors.AlreadyRevealed as error:
        raise AlreadyRevealed from error
    return shown
