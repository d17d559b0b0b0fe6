"""Ways in for people who cannot sign in: a town without an owner, a town hall in rubble."""

import uuid
from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.authorities import LocalAuthority
from tenants.models.codes import validate_text
from tenants.models.people import User


class WayInKind(models.TextChoices):
    """What the person behind it gets."""

    HAND_OVER = "hand_over", _("Hand-over")
    EMERGENCY = "emergency", _("Emergency access")


# How long it may wait for the second person, and be used after.
LIVES: Final = {WayInKind.HAND_OVER: timedelta(days=7), WayInKind.EMERGENCY: timedelta(hours=24)}


class WayIn(models.Model):
    """Two people of the region, who identified somebody one after the other, let that person in.

    A hand-over ends in an invitation for a new owner. An emergency ends in the restore key, shown to whoever types
    both halves of a code: each of the two operators is shown one half, so neither alone can see the key.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=WayInKind)
    authority = models.ForeignKey(
        LocalAuthority, models.PROTECT, related_name="ways_in", verbose_name=_("authority")
    )
    person_name = models.CharField(_("who is let in"), max_length=150, validators=[validate_text])
    email = models.EmailField(_("e-mail"), blank=True, help_text=_("Of the new owner; none in an emergency."))
    letter = models.CharField(_("act or letter"), max_length=200, blank=True, validators=[validate_text])
    identified = models.TextField(_("how the person was identified"))
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    identified_again = models.TextField(blank=True, editable=False)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(editable=False)
    first_hash = models.CharField(max_length=64, default="", editable=False)
    second_hash = models.CharField(max_length=64, default="", editable=False)
    tries_left = models.PositiveSmallIntegerField(default=0, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("way in")
        verbose_name_plural = _("ways in")
        constraints = [
            models.CheckConstraint(
                name="two_people_open_a_way_in",
                condition=models.Q(confirmed_by__isnull=True) | ~models.Q(confirmed_by=models.F("opened_by")),
            ),
            models.UniqueConstraint(
                fields=["authority", "kind"], name="one_way_in_at_a_time",
                condition=models.Q(used_at__isnull=True, closed_at__isnull=True),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.authority}"
