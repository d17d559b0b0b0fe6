"""What somebody must be told: one row from the moment it began until it was over."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from elaastic.models.subscriptions import Subscription


class AlertKind(models.TextChoices):
    """What it is about."""

    LATE = "late", _("A copy is late")
    FULL = "full", _("The space is nearly full")
    DAMAGED = "damaged", _("A copy could not be read as it arrived")
    IMAGE_LATE = "image_late", _("The image of a machine is late")
    DRILL = "drill", _("A drill is due, and none has passed")
    REFUSED = "refused", _("The image of a machine was refused")


class Alert(models.Model):
    """At most one is open for the same thing, however many workers look. `told_at` and `end_told_at` are set when
    the mail was handed over; `tell_due` keeps two workers from telling it at once.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=10, choices=AlertKind.choices)
    archive = models.CharField(max_length=40, blank=True, default="", help_text="Empty: the whole subscription.")
    machine = models.CharField(max_length=40, blank=True, default="", help_text="Whose image it is about.")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    end_told_at = models.DateTimeField(null=True, blank=True)
    tell_due = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "kind", "archive", "machine"],
                condition=Q(ended_at__isnull=True),
                name="one_open_alert_of_a_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subscription_id}/{self.thing}"

    @property
    def thing(self) -> str:
        """The archive or the machine that it is about; "" for the whole subscription."""
        return self.archive or self.machine


class Escalation(models.Model):
    """An alert stayed open: the next person was told. One row a step, whoever looks how often."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="escalations")
    step = models.PositiveSmallIntegerField(help_text="Place in `watching.STEPS`, from 0.")
    role = models.CharField(max_length=20, help_text="Who was told: a role at the region.")
    tell_due = models.DateTimeField(null=True, blank=True, db_index=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["alert", "step"], name="one_escalation_a_step")]

    def __str__(self) -> str:
        return f"{self.alert_id} to {self.role}"


class RegionDigest(models.Model):
    """A week's mail to the region: what waits for it. One row a week."""

    week = models.CharField(max_length=8, unique=True, help_text="As `Digest.week`.")
    tell_due = models.DateTimeField(null=True, blank=True, db_index=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.week


class Digest(models.Model):
    """A week's mail to one authority: how its copies stand. One row a week."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="digests")
    week = models.CharField(max_length=8, help_text="ISO 8601, as 2026-W48; on the Italian calendar.")
    tell_due = models.DateTimeField(null=True, blank=True, db_index=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["subscription", "week"], name="one_digest_a_week")]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.week}"
