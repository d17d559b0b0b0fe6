"""Capacity by (platform, site, resource): promised, never oversold."""

from django.db import models
from django.db.models import F, Q

from provisioning.models.stack import Stack


class CapacityRow(models.Model):
    """A total and what is promised of it. The check constraint is the last word."""

    platform = models.CharField(max_length=40)
    site = models.CharField(max_length=20)
    resource = models.CharField(max_length=20)
    total = models.BigIntegerField()
    used = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["platform", "site", "resource"]
        constraints = [
            models.UniqueConstraint(fields=["platform", "site", "resource"], name="one_capacity_row"),
            models.CheckConstraint(condition=Q(used__gte=0), name="capacity_used_not_negative"),
            models.CheckConstraint(condition=Q(used__lte=F("total")), name="capacity_never_oversold"),
        ]

    def __str__(self) -> str:
        return f"{self.platform}/{self.site}/{self.resource}: {self.used} of {self.total}"


class Reservation(models.Model):
    """What one stack holds of a capacity row."""

    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="reservations")
    row = models.ForeignKey(CapacityRow, on_delete=models.PROTECT, related_name="reservations")
    amount = models.BigIntegerField()

    class Meta:
        ordering = ["row_id"]
        constraints = [
            models.UniqueConstraint(fields=["stack", "row"], name="one_reservation_a_row"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="reservation_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.stack_id}: {self.amount} of {self.row_id}"
