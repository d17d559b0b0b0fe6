"""What a machine can start again from: an image that arrived, and what a worker found in it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from elaastic.models.subscriptions import Subscription


class PointState(models.TextChoices):
    """Whether a machine can start from it."""

    LOOKING = "looking", _("Being looked at")
    USABLE = "usable", _("Usable")
    REFUSED = "refused", _("Refused")


class SumFile(models.TextChoices):
    """What a file of sums beside an image says of it."""

    NONE = "", _("There is none")
    MATCHES = "matches", _("It says the same sum")
    DIFFERS = "differs", _("It says another sum")


class RecoveryPoint(models.Model):
    """One version of one object under a machine's name, read once from end to end. What is written again under the
    same name is another version, hence another point. A row outlives its object, and then says since when.

    While it is `looking`, whoever holds `claim_token` until `claim_until` reads it; `look_due` is the next try.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="recovery_points")
    machine = models.CharField(max_length=40)
    archive = models.CharField(max_length=40)
    key = models.TextField(help_text="The object's name in the archive, machine and slash included.")
    version = models.CharField(max_length=128, help_text="The storage's id of this version.")
    etag = models.CharField(max_length=80, help_text="The MD5 of what was sent, unless it came in parts.")
    size = models.BigIntegerField(help_text="Bytes.")
    arrived_at = models.DateTimeField(help_text="When the object was written.")
    noted_at = models.DateTimeField(help_text="When a worker first saw it.")
    gone_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is no longer in the archive.")

    state = models.CharField(max_length=10, choices=PointState.choices, default=PointState.LOOKING)
    reason = models.CharField(
        max_length=40, blank=True, default="", help_text="Why it was refused: CamelCase, stable."
    )
    detail = models.TextField(blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="", help_text="Of what was read.")
    sha512 = models.CharField(max_length=128, blank=True, default="", help_text="Of what was read.")
    form = models.CharField(max_length=10, blank=True, default="", help_text="qcow2, raw, vmdk, ova or vma.")
    virtual_bytes = models.BigIntegerField(
        null=True, blank=True, help_text="Of all its disks, as the machine sees them."
    )
    disks = models.JSONField(default=list, blank=True, help_text="name, form and virtual_bytes of each.")
    most_bytes = models.BigIntegerField(default=0, help_text="What the largest disk might have, when it was read.")
    looked_at = models.DateTimeField(null=True, blank=True)
    sum_file = models.CharField(max_length=10, choices=SumFile.choices, blank=True, default="")
    sum_file_etag = models.CharField(max_length=80, blank=True, default="", help_text="Which file of sums said so.")

    look_due = models.DateTimeField(null=True, blank=True, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Looks that ended without a verdict.")
    unreadable = models.BooleanField(default=False, help_text="The storage did not give it at the last try.")
    claim_token = models.UUIDField(null=True, blank=True)
    claim_until = models.DateTimeField(null=True, blank=True)
    pinned_until = models.DateTimeField(null=True, blank=True, help_text="An operation uses it until then.")

    class Meta:
        ordering = ["-arrived_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "archive", "key", "version"], name="one_recovery_point_a_version"
            ),
        ]
        indexes = [
            models.Index(fields=["subscription", "machine", "state", "-arrived_at"], name="newest_point_first"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.machine}: {self.state}"


class ImagesLook(models.Model):
    """The newest look at a subscription's archive of images, and what lies in it that is no machine's."""

    subscription = models.OneToOneField(Subscription, on_delete=models.CASCADE, related_name="images_look")
    at = models.DateTimeField()
    machines = models.JSONField(
        default=dict, help_text="Since when each machine's images are looked for, ISO 8601."
    )
    strays = models.JSONField(default=list, help_text="The first few names that belong to no machine.")
    stray_count = models.PositiveIntegerField(default=0)
    more_count = models.PositiveIntegerField(default=0, help_text="Objects of machines beyond what is looked at.")

    def __str__(self) -> str:
        return f"{self.subscription_id} at {self.at:%F %T}"
