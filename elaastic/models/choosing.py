"""What stands before a request: prices with their dates, forms half filled, and who should rather have SaaS."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from tenants.models import LocalAuthority


class PriceRow(models.Model):
    """One line of the price list. A price that has begun is never changed: a later one begins."""

    level = models.PositiveSmallIntegerField()
    item = models.CharField(max_length=30, help_text="One of `levels.pricing.ITEMS`.")
    amount = models.DecimalField(max_digits=12, decimal_places=4, help_text="For one a month, tax excluded.")
    currency = models.CharField(max_length=3, default="EUR")
    valid_from = models.DateField()

    class Meta:
        ordering = ["level", "item", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["level", "item", "valid_from"], name="one_price_an_item_and_day"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_price_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.item} {self.valid_from}"


class Draft(models.Model):
    """What somebody typed and has not sent. It is nobody's act, so no trail tells of it; sending removes it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=60, help_text="`ask`, or `change` and the subscription's id.")
    typed = models.JSONField(default=dict)
    changed_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "form"], name="one_draft_a_person_and_form")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.form}"


class Interest(models.Model):
    """Who was advised toward SaaS: of somebody unknown the answers alone, counted by the day."""

    authority = models.ForeignKey(
        LocalAuthority, null=True, blank=True, on_delete=models.CASCADE, related_name="interests"
    )
    day = models.DateField()
    answers = models.JSONField()
    key = models.CharField(max_length=120, help_text="The answers as one text.")
    times = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authority"], condition=Q(authority__isnull=False), name="one_interest_an_authority"
            ),
            models.UniqueConstraint(
                fields=["day", "key"], condition=Q(authority__isnull=True), name="unknown_interest_by_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.authority_id or '-'} {self.key}"
