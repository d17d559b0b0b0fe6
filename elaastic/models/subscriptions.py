"""An authority's agreement. Columns hold decisions and their times; the state is derived."""

import secrets
import string
import uuid
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from provisioning.domain.conditions import Condition, State
from provisioning.services.clock import now
from tenants.models import LocalAuthority

_ALPHABET: Final = string.ascii_lowercase + string.digits


def new_stack_key() -> str:
    """Opaque, so that a name on the far side tells nobody which town it is; 12 of 36 characters are 62 bits."""
    return secrets.choice(string.ascii_lowercase) + "".join(secrets.choice(_ALPHABET) for _ in range(11))


class SubscriptionState(models.TextChoices):
    """What an authority sees; `LIVE` ones hold the authority's only place."""

    REQUESTED = "requested", _("Requested")
    APPROVED = "approved", _("Approved")
    PROVISIONING = "provisioning", _("Being provisioned")
    ACTIVE = "active", _("Active")
    CHANGING = "changing", _("Changing")
    SUSPENDED = "suspended", _("Suspended")
    LEAVING = "leaving", _("Leaving")
    ENDED = "ended", _("Ended")
    REJECTED = "rejected", _("Rejected")


class Subscription(models.Model):
    """One authority's agreement for a level: at most one live, one stack for its whole life."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="subscriptions")
    stack_key = models.CharField(max_length=20, unique=True, default=new_stack_key, editable=False)
    level = models.PositiveSmallIntegerField()
    terms = models.JSONField(default=dict, help_text="As last approved; as asked until then.")
    placement = models.JSONField(default=dict)
    mode = models.JSONField(default=dict, blank=True, help_text="What is in force beside the terms; `levels.Mode`.")
    external_ref = models.CharField(max_length=100, blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now, editable=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True, help_text="When everything first stood; set once.")
    verified_at = models.DateTimeField(null=True, blank=True, help_text="When a restore was last shown to work.")
    look_due = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="Somebody waits for a look at the archives."
    )
    look_asked_at = models.DateTimeField(null=True, blank=True, help_text="When somebody last asked for a look.")
    suspended_at = models.DateTimeField(null=True, blank=True)
    leave_requested_at = models.DateTimeField(null=True, blank=True)
    kept_until = models.DateTimeField(null=True, blank=True, help_text="Who leaves can restore until then.")
    keys_until = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="Former keys work until then."
    )
    agreed_until = models.DateField(
        null=True, blank=True, db_index=True, help_text="The agreement's last day, in Italy."
    )
    writes_until = models.DateField(
        null=True, blank=True, help_text="Without a renewal, copies are taken until then: the agreement's grace."
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Rejected or withdrawn before it began.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authority"],
                condition=Q(ended_at__isnull=True, closed_at__isnull=True),
                name="one_live_subscription_an_authority",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.authority_id}: {self.level}"


def subscription_state(subscription: Subscription, stack: Condition | None) -> SubscriptionState:
    """The state, from the decisions and the stack's condition. The order of the questions is the rule."""
    if subscription.closed_at:
        return SubscriptionState.REJECTED
    if subscription.ended_at:
        return SubscriptionState.ENDED
    if subscription.leave_requested_at:
        return SubscriptionState.LEAVING
    if subscription.suspended_at:
        return SubscriptionState.SUSPENDED
    if not subscription.approved_at:
        return SubscriptionState.REQUESTED
    if subscription.activated_at:
        at_work = stack is not None and stack.state in (State.PENDING, State.PROGRESSING)
        return SubscriptionState.CHANGING if at_work else SubscriptionState.ACTIVE
    if stack is None or (stack.state == State.PENDING and not stack.reason):
        return SubscriptionState.APPROVED
    return SubscriptionState.PROVISIONING
