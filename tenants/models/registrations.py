"""Bodies that ask to be let in: what they said of themselves, and what was found true of it."""

import uuid
from typing import Final

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.authorities import LocalAuthority
from tenants.models.codes import validate_text
from tenants.models.mailed import MailedSecret
from tenants.models.people import User


class RegistrationState(models.TextChoices):
    """Nobody at the region is bothered before somebody has read the PEC mailbox, or has sent a letter."""

    UNPROVEN = "unproven", _("Waiting for the code")
    TO_CHECK = "to_check", _("Waiting for the region")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")


OPEN: Final = frozenset({RegistrationState.UNPROVEN, RegistrationState.TO_CHECK})


class Registration(MailedSecret):
    """One body's wish to be registered, sent by somebody who is not signed in.

    It takes no code away from anybody: the authority's own row, with its unique codes, comes with the
    region's yes. So a stranger who writes somebody else's codes hinders nobody.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    details = models.JSONField(editable=False, help_text=_("As in AuthorityDetails."))
    pec = models.EmailField(editable=False)
    contact_name = models.CharField(_("your name"), max_length=150, validators=[validate_text])
    contact_email = models.EmailField(_("your e-mail"))
    state = models.CharField(
        max_length=10, choices=RegistrationState, default=RegistrationState.UNPROVEN, db_index=True
    )
    sent_in_at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)
    ip = models.CharField(max_length=45, blank=True, editable=False, help_text=_("Forgotten with the decision."))
    codes_sent = models.PositiveSmallIntegerField(default=0, editable=False)
    tries_left = models.PositiveSmallIntegerField(default=0, editable=False)
    pec_proven_at = models.DateTimeField(null=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    note = models.TextField(blank=True, editable=False, help_text=_("Why not, or how the body was identified."))
    authority = models.ForeignKey(LocalAuthority, models.PROTECT, null=True, related_name="+", editable=False)

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        constraints = [
            models.CheckConstraint(
                name="accepted_registration_has_its_authority",
                condition=models.Q(state="accepted", authority__isnull=False)
                | (~models.Q(state="accepted") & models.Q(authority__isnull=True)),
            )
        ]

    def __str__(self) -> str:
        return str(self.details.get("name", self.public_id))


class PaperKind(models.TextChoices):
    """What a signed letter comes as."""

    PDF = "pdf", "PDF"
    P7M = "p7m", "P7M"


class Paper(models.Model):
    """A letter that proves in the PEC code's stead. In the database: whoever has the row has the letter."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="papers")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=3, choices=PaperKind)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        verbose_name = _("letter of a registration")
        verbose_name_plural = _("letters of registrations")
        constraints = [models.UniqueConstraint(fields=["registration", "number"], name="one_paper_a_number")]

    def __str__(self) -> str:
        return f"{self.number}.{self.kind}"
