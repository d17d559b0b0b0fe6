"""The trail of what people did: appended, sealed into a chain, never changed."""

from typing import Any, NoReturn

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.authorities import LocalAuthority
from tenants.models.people import User


class TrailIsAppendOnly(TypeError):
    """Code tried to change or delete an event. There is no lawful reason to; that is a defect."""


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Refuses in Python what a trigger refuses in the database."""

    def update(self, **fields: Any) -> NoReturn:
        """Refused; the worker seals through `seal`."""
        raise TrailIsAppendOnly("An audit event is never changed.")

    def delete(self) -> NoReturn:
        """Refused."""
        raise TrailIsAppendOnly("An audit event is never deleted.")

    def seal(self, event_id: int, *, number: int, previous_hash: str, digest: str) -> bool:
        """Give an unsealed event its place. False when somebody else did already (compare-and-swap)."""
        rows = self.filter(pk=event_id, number__isnull=True)
        moved = models.QuerySet.update(rows, number=number, previous_hash=previous_hash, hash=digest)
        return moved == 1


class AuditEvent(models.Model):
    """One act of a person, written in the transaction of the act itself.

    `number`, `previous_hash` and `hash` are empty until a worker seals the event, within seconds, so that
    the chain is not a lock that every act waits for. What is personal stands in `AuditPersonalData`; here
    is only its salted hash, so that the law can have it erased and the chain still holds.
    """

    at = models.DateTimeField(_("when"), db_default=Now(), editable=False)
    action = models.CharField(_("act"), max_length=60)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    authority = models.ForeignKey(
        LocalAuthority, models.PROTECT, null=True, related_name="+", verbose_name=_("authority")
    )
    subject_type = models.CharField(_("what kind of thing"), max_length=40)
    subject_id = models.CharField(_("which thing"), max_length=64)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    personal_hash = models.CharField(max_length=64)
    number = models.PositiveBigIntegerField(_("number"), null=True, unique=True)
    previous_hash = models.CharField(max_length=64, default="")
    hash = models.CharField(max_length=64, default="")

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["authority", "id"], name="audit_by_authority"),
            models.Index(fields=["id"], name="audit_unsealed", condition=models.Q(number__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type}/{self.subject_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        if not self._state.adding:
            raise TrailIsAppendOnly("An audit event is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise TrailIsAppendOnly("An audit event is never deleted.")


class AuditPersonalData(models.Model):
    """What of an event is about persons: address, mailbox, names before and after.

    Erased when the law says so; its absence is reported by the check of the chain, a change is a break.
    """

    event = models.OneToOneField(AuditEvent, models.CASCADE, primary_key=True, related_name="personal")
    salt = models.CharField(max_length=32)
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("personal part of an audit event")
        verbose_name_plural = _("personal parts of audit events")

    def __str__(self) -> str:
        return f"#{self.event_id}"


class AuditHead(models.Model):
    """The last link: its row is what two sealing workers race for. There is one, with id 1."""

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    class Meta:
        verbose_name = _("end of the audit chain")
        verbose_name_plural = _("end of the audit chain")

    def __str__(self) -> str:
        return f"{self.number} {self.hash[:12]}"
