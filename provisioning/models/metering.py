"""What archives held, looked at every few minutes: for the meters, for "is it nearly full", for freshness."""

from django.db import models

from provisioning.models.stack import Resource


class ArchiveSample(models.Model):
    """One look at one archive. Bytes and counts; `held` is what the quota counts, earlier versions too."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField()
    held_bytes = models.BigIntegerField()
    held_objects = models.BigIntegerField()
    current_bytes = models.BigIntegerField()
    current_objects = models.BigIntegerField()
    newest_at = models.DateTimeField(null=True, blank=True, help_text="When the newest current object was written.")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["resource", "-at"], name="newest_sample_first")]

    def __str__(self) -> str:
        return f"{self.resource_id} at {self.at:%F %T}: {self.held_bytes}"
