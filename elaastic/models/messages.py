"""What the region and an authority say to each other about a subscription, in the order in which it was said."""

import uuid

from django.conf import settings
from django.db import models

from elaastic.models.requests import Request
from elaastic.models.subscriptions import Subscription


class Message(models.Model):
    """One thing said. `told_at` is set when the mail about it was handed over; `tell_due` keeps two workers from
    telling it at once.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="messages")
    request = models.ForeignKey(Request, null=True, blank=True, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_region = models.BooleanField()
    text = models.TextField()
    created_at = models.DateTimeField(db_index=True)
    tell_due = models.DateTimeField(null=True, blank=True, db_index=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.text[:40]}"
