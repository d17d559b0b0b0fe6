"""The customers: local authorities, and who acts for each."""

import uuid
from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import codes
from tenants.models.mailed import Mailed
from tenants.models.people import User


class AuthorityKind(models.TextChoices):
    """The kinds of body that the model agreement names; and who only acts for them, by mandate."""

    COMUNE = "comune", _("Comune")
    PROVINCIA = "provincia", _("Provincia")
    UNIONE_COMUNI = "unione_comuni", _("Unione di Comuni")
    UNIONE_MONTANA = "unione_montana", _("Unione montana")
    OTHER = "other", _("Other body")
    SUPPLIER = "supplier", _("IT supplier")


class DataClass(models.TextChoices):
    """How the cloud regulation of the national cybersecurity agency classes the body's data."""

    ORDINARY = "ordinary", _("Ordinary")
    CRITICAL = "critical", _("Critical")
    STRATEGIC = "strategic", _("Strategic")


class AuthorityState(models.TextChoices):
    """Nothing is provisioned for an authority that is not verified."""

    PENDING = "pending", _("Waiting for verification")
    VERIFIED = "verified", _("Verified")
    SUSPENDED = "suspended", _("Suspended")


MAY_ASK: Final = frozenset({AuthorityState.VERIFIED})
NEEDS_REGION: Final = frozenset({AuthorityState.PENDING, AuthorityState.SUSPENDED})


class LocalAuthority(models.Model):
    """A Comune, a Provincia or a union of them: the body that signs the agreement and owns the data."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200, validators=[codes.validate_name])
    kind = models.CharField(_("kind"), max_length=20, choices=AuthorityKind)
    ipa_code = models.CharField(
        _("Indice PA code"), max_length=30, unique=True, validators=[codes.validate_ipa_code]
    )
    fiscal_code = models.CharField(
        _("fiscal code"), max_length=11, unique=True, validators=[codes.validate_fiscal_code]
    )
    istat_code = models.CharField(_("ISTAT code"), max_length=6, blank=True, validators=[codes.validate_istat_code])
    province = models.CharField(_("province"), max_length=2, validators=[codes.validate_province])
    seat_address = models.CharField(
        _("address of the seat"), max_length=200, blank=True, validators=[codes.validate_text]
    )
    seat_lat = models.FloatField(
        _("latitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("Degrees north. Copies far from the source are counted from here."),
    )
    seat_lon = models.FloatField(
        _("longitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text=_("Degrees east."),
    )
    seismic_zone = models.PositiveSmallIntegerField(
        _("seismic zone"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(4)],
        help_text=_("1 is the most dangerous, 4 the least."),
    )
    population = models.PositiveIntegerField(
        _("population"), null=True, blank=True, validators=[MaxValueValidator(10_000_000)]
    )
    pec = models.EmailField(_("certified mail (PEC)"))
    external_ref = models.CharField(
        _("external reference"),
        max_length=100,
        blank=True,
        db_index=True,
        validators=[codes.validate_text],
        help_text=_("How the client's own system calls this authority."),
    )
    data_class = models.CharField(_("data class"), max_length=10, choices=DataClass, default=DataClass.ORDINARY)
    security_contact_name = models.CharField(
        _("security contact"), max_length=150, blank=True, validators=[codes.validate_text]
    )
    security_contact_phone = models.CharField(
        _("security contact's telephone"), max_length=30, blank=True, validators=[codes.validate_phone]
    )
    security_contact_email = models.EmailField(_("security contact's e-mail"), blank=True)

    state = models.CharField(
        _("state"), max_length=10, choices=AuthorityState, default=AuthorityState.PENDING, db_index=True
    )
    suspension_reason = models.TextField(
        _("reason of the suspension"), blank=True, editable=False, help_text=_("Its people read it.")
    )
    registered_at = models.DateTimeField(_("registered"), db_default=Now(), editable=False)
    registered_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", editable=False, verbose_name=_("registered by")
    )
    verified_at = models.DateTimeField(_("verified"), null=True, editable=False)
    verified_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("verified by")
    )
    # Moves with every change: the ETag, and what a compare-and-swap compares.
    version = models.PositiveIntegerField(default=1, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="authorities")

    class Meta:
        verbose_name = _("local authority")
        verbose_name_plural = _("local authorities")
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["name", "id"], name="authority_by_name")]

    def __str__(self) -> str:
        return self.name


class MemberRole(models.TextChoices):
    """What a person does at one authority."""

    OWNER = "owner", _("Owner")
    OPERATOR = "operator", _("Operator")
    VIEWER = "viewer", _("Viewer")


ACTS_FOR: Final = frozenset({MemberRole.OWNER, MemberRole.OPERATOR})


class Membership(models.Model):
    """One person at one authority, with one role."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name=_("person"))
    authority = models.ForeignKey(LocalAuthority, models.PROTECT, verbose_name=_("authority"))
    role = models.CharField(_("role"), max_length=10, choices=MemberRole)
    since = models.DateTimeField(_("since"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "authority"], name="one_role_at_an_authority")]

    def __str__(self) -> str:
        return f"{self.user} @ {self.authority}: {self.role}"


class StandingNotice(Mailed):
    """One mail to a body's people: the region has suspended it, or has lifted that."""

    authority = models.ForeignKey(LocalAuthority, models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=AuthorityState, help_text="Into which it came.")
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.authority}: {self.state}"
