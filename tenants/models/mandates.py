"""Bodies that act for other bodies, for a while."""

import uuid
from typing import Final

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.authorities import AuthorityKind, AuthorityState, LocalAuthority, MemberRole
from tenants.models.codes import validate_text
from tenants.models.mailed import Mailed
from tenants.models.people import User

# Whoever else may be asked: these exist to work for others, so that they do is no secret.
ACT_FOR_OTHERS: Final = frozenset(
    {AuthorityKind.PROVINCIA, AuthorityKind.UNIONE_COMUNI, AuthorityKind.UNIONE_MONTANA, AuthorityKind.SUPPLIER}
)
# A town stays its own owner.
MANDATED_ROLES: Final = (MemberRole.OPERATOR, MemberRole.VIEWER)


class MandateQuerySet(models.QuerySet["Mandate"]):
    """Narrowed by the database's clock, so that a mandate ends by itself, everywhere at once."""

    def in_force(self) -> "MandateQuerySet":
        """Neither ended nor over, between two bodies that are verified."""
        return self.filter(
            ended_at=None, until__gt=Now(), body__state=AuthorityState.VERIFIED, town__state=AuthorityState.VERIFIED
        )


class Mandate(models.Model):
    """A town lets the people of another body act for it, until a date. The trail says for which body they act."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    town = models.ForeignKey(LocalAuthority, models.PROTECT, related_name="mandates_given")
    body = models.ForeignKey(LocalAuthority, models.PROTECT, related_name="mandates_held")
    role = models.CharField(_("role"), max_length=10, choices=MemberRole)
    until = models.DateTimeField(_("until"), help_text=_("The end of the last day, in Italy."))
    letter = models.CharField(
        _("act or letter"), max_length=200, blank=True, validators=[validate_text],
        help_text=_("Number and date of the act that gives the mandate."),
    )  # fmt: skip
    given_at = models.DateTimeField(_("given"), db_default=Now(), editable=False)
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        constraints = [
            models.CheckConstraint(name="nobody_mandates_oneself", condition=~models.Q(town=models.F("body"))),
            models.UniqueConstraint(
                fields=["town", "body"], name="one_mandate_at_a_time", condition=models.Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.body} → {self.town}"


class MandateNews(models.TextChoices):
    """What there is to tell of a mandate."""

    GIVEN = "given", _("Given")
    ENDS_IN_30 = "ends_in_30", _("Ends within thirty days")
    ENDS_IN_7 = "ends_in_7", _("Ends within a week")
    ENDED = "ended", _("Ended")


class MandateNotice(Mailed):
    """One mail to the owners of one of the two bodies: one row a side and piece of news."""

    mandate = models.ForeignKey(Mandate, models.CASCADE, related_name="notices")
    news = models.CharField(max_length=12, choices=MandateNews)
    to = models.ForeignKey(LocalAuthority, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mandate", "news", "to"], name="one_notice_a_side")]

    def __str__(self) -> str:
        return f"{self.mandate}: {self.news}"
