"""Proof that what was copied comes back: the tests that are going on, and the rows that say how they ended."""

import uuid
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from elaastic.models.subscriptions import Subscription

# What restores an object as it is; the others keep copies in a form of their own.
CLEAR_TOOLS: Final = ("rclone", "s3cmd", "awscli")
RESTORE_TOOLS: Final = (*CLEAR_TOOLS, "restic", "other")
# What the first of a chain follows.
FIRST_LINK: Final = "0" * 64
# A sum cannot be guessed; this is for honest mistakes.
RESTORE_TRIES: Final = 5


class VerificationKind(models.TextChoices):
    """What was shown. *Verified* hangs on the second."""

    READABLE = "readable", _("Read back by the portal")
    RESTORED = "restored", _("Restored by the authority")
    BOOTED = "booted", _("Started by the portal")


class Verification(models.Model):
    """One thing that was tried and how it ended. Written once: the database refuses to change it.

    Those of a subscription are a chain, linked as they are written (`services/ledger.py`): each carries the SHA-256
    of the one before, and its own.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="verifications")
    archive = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=VerificationKind.choices)
    passed = models.BooleanField()
    at = models.DateTimeField(db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Who restored; nobody where the portal read.",
    )  # fmt: skip
    seconds = models.PositiveIntegerField(help_text="From the beginning to the end.")
    evidence = models.JSONField(help_text="What was tried, and what it was compared with. No floats.")
    number = models.PositiveIntegerField(help_text="Its place in the subscription's chain, from 1.")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "number"], name="one_verification_a_link"),
        ]
        indexes = [models.Index(fields=["subscription", "archive", "kind", "-at"], name="newest_proof_first")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subscription_id}/{self.archive}: {self.passed}"


class VerificationHead(models.Model):
    """The last link of a subscription's chain: what two writers race for, and what shows a cut-off end."""

    subscription = models.OneToOneField(Subscription, on_delete=models.PROTECT, related_name="verification_head")
    number = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, default=FIRST_LINK)

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.number} {self.hash[:12]}"


class RestoreState(models.TextChoices):
    """Where a restore test stands."""

    CHOOSING = "choosing", _("The portal chooses what is to be restored")
    COPYING = "copying", _("The proof file is to be copied")
    RESTORING = "restoring", _("To be restored")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Stopped")


class RestoreTest(models.Model):
    """One restore that the portal asks for. At most one is open for a subscription.

    What is asked for is an object that the portal has read itself (`sample`), or, where the copies are encrypted, a
    `proof_text` that it made up and that went through the authority's own backup program first.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="restore_tests")
    archive = models.CharField(max_length=40)
    tool = models.CharField(max_length=20)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    look_due = models.DateTimeField(null=True, blank=True, db_index=True, help_text="A worker's move.")
    sample = models.JSONField(default=dict, blank=True, help_text="bucket, key, size: an object of the archive.")
    proof_text = models.TextField(blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="", help_text="What the restored file must have.")
    ready_at = models.DateTimeField(null=True, blank=True, help_text="From then on it can be restored.")
    wrong = models.PositiveSmallIntegerField(default=0, help_text="Answers that were not it.")
    outcome = models.CharField(max_length=10, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(ended_at__isnull=True), name="one_open_restore_test"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.archive} with {self.tool}"

    @property
    def state(self) -> RestoreState:
        """From the decisions and their times."""
        if self.ended_at:
            return RestoreState(self.outcome)
        if self.ready_at:
            return RestoreState.RESTORING
        return RestoreState.COPYING if self.proof_text else RestoreState.CHOOSING

    @property
    def tries_left(self) -> int:
        """How many more sums may be given."""
        return max(0, RESTORE_TRIES - self.wrong)

    @property
    def filename(self) -> str:
        """The proof file's name: no two are called the same, so that no older one is restored for it."""
        return f"mcloud-prova-{self.public_id.hex[:8]}.txt"
