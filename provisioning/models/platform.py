"""What the portal knows of its platforms: reachable or not, ahead of the database or not, what it saw there."""

from django.db import models


class PlatformState(models.Model):
    """The breaker and the restored-database guard of one platform."""

    platform = models.CharField(max_length=40, unique=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    probed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    held_at = models.DateTimeField(null=True, blank=True, help_text="It is ahead of the database: no writes.")
    report = models.JSONField(default=dict)
    accepted_at = models.DateTimeField(null=True, blank=True, help_text="Read; a worker does the rest.")

    sampled_at = models.DateTimeField(null=True, blank=True, help_text="When it last told of its sites.")
    sites_down = models.JSONField(default=list, help_text="Codes of the sites of which no disk is up.")
    figures = models.JSONField(default=list, help_text="site, resource, total, used: as it says itself.")

    def __str__(self) -> str:
        return self.platform


class Mark(models.Model):
    """One step of a platform's counter: in the database first, then on the platform.

    `text` is `<12-digit number>-<random>`, so that marks sort by number and two histories never look alike.
    """

    platform = models.CharField(max_length=40, db_index=True)
    text = models.CharField(max_length=60, unique=True)
    made_at = models.DateTimeField()
    pushed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["text"]

    def __str__(self) -> str:
        return self.text


class OrphanSighting(models.Model):
    """An object of ours that no row knows. Data is only reported; the rest becomes a row to remove it."""

    platform = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    external_id = models.CharField(max_length=255)
    marker = models.CharField(max_length=80)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    kept_since = models.DateTimeField(
        null=True, blank=True, help_text="Met while the database was older than its platform: never removed."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["platform", "kind", "external_id"], name="one_sighting_an_object"),
        ]

    def __str__(self) -> str:
        return f"{self.platform}: {self.external_id}"
