"""In which order a town's machines start again, and who does what meanwhile: versions of one paper."""

from django.conf import settings
from django.db import models

from elaastic.models.subscriptions import Subscription
from provisioning.services.clock import now


class RecoveryPlan(models.Model):
    """One version of a subscription's plan; the newest is in force. The database refuses to change one.

    The first follows from the terms by itself, when they come into force; nobody wrote that one.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="recovery_plans")
    version = models.PositiveIntegerField(help_text="From 1, without gaps.")
    document = models.JSONField(help_text="As `levels.recovery_schema.SCHEMA` says.")
    written_for = models.JSONField(
        help_text="What it relied on beside the machines; `levels.recovery.surroundings`."
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "version"], name="one_plan_a_version"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="plan_versions_begin_at_1"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.version}"
