"""Bringing home what machines wrote that stand on the reserve. How one goes, the workers' rows say."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from elaastic.models.failovers import Failover


class ExportState(models.TextChoices):
    """`cleaning`: the result is known, and what was made on the platform is being removed."""

    RUNNING = "running", _("Under way")
    CLEANING = "cleaning", _("Being cleaned up")
    EXPORTED = "exported", _("Exported")
    INCOMPLETE = "incomplete", _("Not everything was exported")
    STOPPED = "stopped", _("Stopped")


class Export(models.Model):
    """One export of what stands by this failover; of each machine the newest counts."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    failover = models.ForeignKey(Failover, on_delete=models.PROTECT, related_name="exports")
    operation_key = models.CharField(max_length=20, unique=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="Its end was written down.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.failover_id}: {self.operation_key}"
