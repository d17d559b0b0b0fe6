"""One-shot work in stages, with what it found: a drill, a restore test of one machine."""

from django.db import models
from django.db.models import Q

from provisioning.models.stack import Stack


class Operation(models.Model):
    """Its own short-lived stack stands inside what `host` holds of its sites. It never changes the host's manifest.

    Whoever holds `claim_token` carries it on; `place` counts the stages of its `course` that are done. `verdict` is
    known before everything is cleaned up, and an operation has ended when nothing of it is left.
    """

    class Verdict(models.TextChoices):
        OPEN = ""
        PASSED = "passed"
        BACKUP_BAD = "backup_bad"
        NOT_TESTED = "not_tested"
        STOPPED = "stopped"
        INCOMPLETE = "incomplete"

    # It holds nothing of the reserve, and goes on beside a failover that stands there.
    EXPORT = "export"

    stack = models.OneToOneField(Stack, on_delete=models.PROTECT, related_name="operation")
    host = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="operations")
    kind = models.CharField(max_length=20)
    course = models.JSONField(help_text="What is to be done, frozen when it was asked for; `operations.course`.")
    place = models.PositiveIntegerField(default=0)
    entered_at = models.DateTimeField(help_text="Since when it is at that place.")
    found = models.JSONField(default=dict, help_text="What was measured, by machine; `operations.findings`.")
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True, default=Verdict.OPEN)
    reason = models.CharField(max_length=40, blank=True, default="", help_text="CamelCase, stable.")
    message = models.TextField(blank=True, default="")
    about = models.CharField(max_length=40, blank=True, default="", help_text="The machine at fault.")
    trouble = models.TextField(blank=True, default="", help_text="Why the last step is tried again.")

    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    claim_token = models.UUIDField(null=True, blank=True)
    claim_until = models.DateTimeField(null=True, blank=True)
    stop_asked_at = models.DateTimeField(null=True, blank=True)
    begun_at = models.DateTimeField()
    judged_at = models.DateTimeField(null=True, blank=True, help_text="When the verdict was known.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Since when nothing of it is left.")

    class Meta:
        ordering = ["id"]
        constraints = [
            # The reserve is one: what a drill holds of it, another cannot.
            models.UniqueConstraint(
                fields=["host"],
                condition=Q(ended_at__isnull=True) & ~Q(kind="export"),
                name="one_operation_a_host",
            ),
            models.UniqueConstraint(
                fields=["host"], condition=Q(ended_at__isnull=True, kind="export"), name="one_export_a_host"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.stack_id} of {self.host_id}: {self.verdict or 'open'}"
