"""What people were told about the end of something: one row a mark, whoever looks how often."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from elaastic.models.subscriptions import Subscription


class Ending(models.TextChoices):
    """What ends."""

    AGREEMENT = "agreement", _("The agreement")
    KEYS = "keys", _("A former key")


class Reminder(models.Model):
    """`mark`: days before the last one; -1 once it has passed, less once writing has stopped
    (`levels.agreement.Agreement.due_mark`). `tell_due` keeps two workers from telling it at once.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="reminders")
    about = models.CharField(max_length=10, choices=Ending.choices, default=Ending.AGREEMENT)
    until = models.DateField(help_text="Of which one: its last day, in Italy.")
    mark = models.SmallIntegerField()
    tell_due = models.DateTimeField(null=True, blank=True, db_index=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "about", "until", "mark"], name="one_reminder_a_mark"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.about} {self.until} {self.mark}"
