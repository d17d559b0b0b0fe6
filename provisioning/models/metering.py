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


class ArrivedObject(models.Model):
    """What one object said of itself when it had just arrived: the measure of every later reading. A random few of
    each archive, not all of them.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="arrived")
    key = models.TextField()
    size = models.BigIntegerField(help_text="Bytes.")
    etag = models.CharField(max_length=80, help_text="The MD5 of what was sent, unless it came in parts.")
    sha256 = models.CharField(max_length=64, blank=True, default="", help_text="As first read by the portal.")
    written_at = models.DateTimeField()
    noted_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["resource", "key", "written_at"], name="an_arrival_is_noted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}: {self.key}"
