"""What somebody must be told: one row from the moment it began until it was over."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from elaastic.models.subscriptions import Subscription


class AlertKind(models.TextChoices):
    """What it is about."""

    LATE = "late", _("A copy is late")
    FULL = "full", _("The space is nearly full")


class Alert(models.Model):
    """At most one is open for the same thing, however many workers look. `told_at` and `end_told_at` are set when
    the mail was handed over; `tell_due` keeps two workers from telling it at once.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=10, choices=AlertKind.choices)
    archive = models.CharField(max_length=40, blank=True, default="", help_text="Empty: the whole subscription.")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    end_told_at = models.DateTimeField(null=True, blank=True)
    tell_due = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "kind", "archive"],
                condition=Q(ended_at__isnull=True),
                name="one_open_alert_of_a_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subscription_id}/{self.archive}"
