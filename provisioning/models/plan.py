"""Plans: immutable, with a digest, shown before anybody says yes."""

from django.db import models

from provisioning.models.stack import Stack


class Plan(models.Model):
    """What approving would change in one stack, computed from what was really seen."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        APPLIED = "applied"
        SUPERSEDED = "superseded"

    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="plans")
    generation = models.PositiveIntegerField(help_text="The stack's generation that it was computed from.")
    manifest = models.JSONField()
    placement = models.JSONField()
    changes = models.JSONField()
    row_versions = models.JSONField(help_text="name -> version of every row it was computed from.")
    unseen = models.JSONField(default=list, help_text="Platforms that could not be looked at.")
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROPOSED)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.stack_id}: {self.digest[:12]}"
