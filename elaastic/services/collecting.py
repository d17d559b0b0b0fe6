"""Handing over what was provisioned: a secret is shown once, and the trail says to whom."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from elaastic.levels import LEVELS, Mode
from elaastic.models import Subscription
from elaastic.models.errors import AlreadyRevealed, NotReady
from elaastic.permissions import may_collect
from elaastic.selectors.access import Access, Connection
from elaastic.selectors.subscriptions import archives
from provisioning.domain import errors as provisioning_errors
from provisioning.domain.secrets import Secret
from provisioning.selectors.capacity import platforms
from provisioning.services.secrets import reveal
from tenants.models import Actor
from tenants.models.errors import Forbidden, NotFound
from tenants.services import audit


@dataclass(frozen=True)
class Revealed:
    """A credential with its secrets, on its way to the one page that shows it."""

    name: str
    access_key: Secret
    secret_key: Secret
    connection: Connection

    @property
    def access(self) -> Access:
        """With the secret at hand."""
        return self.connection.access(self.name, self.access_key.reveal(), self.secret_key)


def connection_of(subscription: Subscription) -> Connection:
    """From rows and the region file."""
    ceph = subscription.placement.get("platforms", {}).get("ceph", "")
    platform = next((p for p in platforms() if p.id == ceph), None)
    held = archives(subscription)
    buckets = tuple(str(a.outputs.get("bucket", a.name)) for a in held)
    if platform is None:
        return Connection("", "", buckets)
    chosen = subscription.terms.get("protocols", ())
    return Connection(
        endpoint=platform.endpoint,
        region=platform.region,
        buckets=buckets,
        tenant=next((str(a.outputs["tenant"]) for a in held if "tenant" in a.outputs), ""),
        ways={name: url for name, url in platform.ways.items() if name in chosen},
        host_key=platform.host_key,
    )


def reveal_credential(*, subscription: Subscription, name: str, by: Actor) -> Revealed:
    """The secret, once. Raises Forbidden, NotFound, NotReady, AlreadyRevealed."""
    if name not in LEVELS[subscription.level].credentials:
        raise NotFound
    if not may_collect(by, subscription):
        raise Forbidden
    return show_once(subscription=subscription, name=name, by=by)


def show_once(
    *, subscription: Subscription, name: str, by: Actor, with_it: Callable[[], None] = lambda: None
) -> Revealed:
    """As `reveal_credential`, for who was let in otherwise; `with_it` happens in the same transaction."""
    resource = LEVELS[subscription.level].key(name, Mode.parse(subscription.mode))
    try:
        with transaction.atomic():
            with_it()
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
