"""Tries of the recovery plan: who asked for which, from which images. How one goes, the workers' rows say."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from elaastic.models.recovery import RecoveryPoint
from elaastic.models.subscriptions import Subscription


class DrillState(models.TextChoices):
    """`cleaning`: the verdict is known, and what was started is being removed."""

    RUNNING = "running", _("Under way")
    CLEANING = "cleaning", _("Being cleaned up")
    PASSED = "passed", _("Passed")
    BACKUP_BAD = "backup_bad", _("The backup is bad")
    NOT_TESTED = "not_tested", _("Could not be tested")
    STOPPED = "stopped", _("Stopped")


class DrillImages(models.TextChoices):
    """From which images the machines start; of which ones, `Drill.points` says."""

    NEWEST = "newest", _("The newest of each machine")
    RANDOM = "random", _("Drawn at random from the earlier ones")


class Drill(models.Model):
    """One drill: of the whole plan, or of one `machine`. Its course was frozen when it was asked for."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="drills")
    machine = models.CharField(max_length=40, blank=True, default="", help_text="Empty: the whole plan.")
    plan_version = models.PositiveIntegerField()
    images = models.CharField(max_length=10, choices=DrillImages.choices, default=DrillImages.NEWEST)
    points = models.ManyToManyField(RecoveryPoint, related_name="drills")
    operation_key = models.CharField(max_length=20, unique=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    night = models.DateField(
        null=True, blank=True, help_text="In which the portal began it by itself, as the terms say."
    )
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="Its end was written down.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            # However many schedulers look.
            models.UniqueConstraint(fields=["subscription", "night"], name="one_drill_a_night"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.machine or 'plan'} ({self.operation_key})"


class DrillMinutes(models.Model):
    """The minutes of a drill as a PDF, one in each language, kept as a worker made it.

    Without a sum it could not be made: a library lacks where the workers run.
    """

    drill = models.ForeignKey(Drill, on_delete=models.PROTECT, related_name="minutes")
    language = models.CharField(max_length=5)
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["drill", "language"], name="one_minutes_a_language")]

    def __str__(self) -> str:
        return f"{self.drill_id} ({self.language})"

    @property
    def filename(self) -> str:
        """In the words of the reader."""
        return f"{'verbale' if self.language == 'it' else 'minutes'}-{self.drill.public_id}.pdf"
