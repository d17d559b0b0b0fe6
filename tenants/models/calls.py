"""What the API remembers of calls: answers to repeat, and how many were made."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.people import User


class AnswerState(models.TextChoices):
    """An answer that held a secret is not kept, so it cannot be repeated."""

    KEPT = "kept", _("Kept")
    REVEALED = "revealed", _("Held a secret")


class IdempotencyRecord(models.Model):
    """One POST with an `Idempotency-Key`, written in the transaction of its effect.

    So there is a row exactly when there was an effect, whatever instant the process died at.
    """

    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("caller"))
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text=_("SHA-256 of method, path and body."))
    state = models.CharField(max_length=10, choices=AnswerState, default=AnswerState.KEPT)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        verbose_name = _("remembered answer")
        verbose_name_plural = _("remembered answers")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return self.key


class CallCount(models.Model):
    """Calls of one caller in the present minute. In the database, so that all web processes agree."""

    caller = models.CharField(max_length=80, unique=True)
    minute = models.BigIntegerField(help_text=_("Minutes since 1970, by the database's clock."))
    calls = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("calls of a caller")
        verbose_name_plural = _("calls of callers")

    def __str__(self) -> str:
        return self.caller
