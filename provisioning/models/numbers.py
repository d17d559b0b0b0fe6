"""Numbers that a far side does not reserve, given out here: a guest's VMID, a virtual network's."""

from django.db import models


class Number(models.Model):
    """One number of a platform's `series`, once and for all: what a removed thing had is not given again, so that a
    call that comes late meets nothing of somebody's.
    """

    platform = models.CharField(max_length=40)
    series = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    holder = models.CharField(
        max_length=80, null=True, help_text="The full name of what has it; none: a stranger has it over there."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "series", "number"], name="one_holder_a_number"),
            models.UniqueConstraint(fields=["platform", "series", "holder"], name="one_number_a_holder"),
        ]

    def __str__(self) -> str:
        return f"{self.platform}: {self.series} {self.number}"
