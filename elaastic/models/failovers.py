"""A recovery plan for real: who asked, from which images. What stands, the subscription's own stack says."""

import uuid

from django.conf import settings
from django.db import models

from elaastic.models.recovery import RecoveryPoint
from elaastic.models.requests import Request
from elaastic.models.subscriptions import Subscription


class Failover(models.Model):
    """One failover. Its `request` changes the terms; an operation brings the images, and times it. That one begins
    when the reserve is free: a drill that was open is stopped, and cleaned up, first.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="failovers")
    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="failover")
    plan_version = models.PositiveIntegerField()
    was_stale = models.BooleanField(help_text="The plan no longer fitted; it was fitted without being read again.")
    course = models.JSONField(help_text="`provisioning.domain.course`, frozen when it was asked for.")
    left_out = models.JSONField(default=dict, help_text="Machine -> why it could not be asked for; a stable code.")
    points = models.ManyToManyField(RecoveryPoint, related_name="failovers")
    operation_key = models.CharField(max_length=20, unique=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, blank=True, help_text="When the reserve was free.")
    settled_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="Its end was written down.")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, db_index=True)
    review = models.TextField(blank=True, default="", help_text="What the region found afterwards.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.operation_key}"
