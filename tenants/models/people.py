"""People and service accounts, and what they do for the region."""

import uuid
from functools import cached_property
from typing import Any, ClassVar, Final

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import connection, models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.codes import validate_text


class UserKind(models.TextChoices):
    """A service account has no password and acts through tokens only."""

    PERSON = "person", _("Person")
    SERVICE = "service", _("Service account")


class RegionRoleName(models.TextChoices):
    """What one does for the region."""

    OPERATOR = "operator", _("Operator")
    APPROVER = "approver", _("Approver")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


# Everybody at the region reads every authority; what they may change differs.
READS_EVERYTHING: Final = frozenset(RegionRoleName)
OPERATES: Final = frozenset({RegionRoleName.OPERATOR, RegionRoleName.ADMINISTRATOR})
DECIDES: Final = frozenset({RegionRoleName.APPROVER, RegionRoleName.ADMINISTRATOR})
AUDITS: Final = frozenset({RegionRoleName.AUDITOR, RegionRoleName.ADMINISTRATOR})


class UserManager(BaseUserManager["User"]):
    """Addresses are compared in lower case, so that one mailbox is one person."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person; without a password, one who cannot log in with one yet."""
        if not email:
            raise ValueError("A person is known by an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Logging in does not depend on the case in which the address was typed."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who signs in by e-mail, or a service account that only holds tokens."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    full_name = models.CharField(_("full name"), max_length=150, blank=True, validators=[validate_text])
    kind = models.CharField(_("kind"), max_length=10, choices=UserKind, default=UserKind.PERSON)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Take this away to close the account; nothing is deleted.")
    )
    joined_at = models.DateTimeField(_("joined"), db_default=Now(), editable=False)
    accountable = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="accounts",
        verbose_name=_("accountable person"), help_text=_("Who answers for what a service account does."),
    )  # fmt: skip

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.full_name or self.email

    @cached_property
    def region_roles(self) -> frozenset[str]:
        """Roles at the region, read once per loaded person: permissions ask many times in one request."""
        with connection.cursor() as cursor:  # on every page and call: the ORM takes five times as long
            cursor.execute("SELECT role FROM tenants_regionrole WHERE user_id = %s", [self.pk])
            return frozenset(role for (role,) in cursor.fetchall())

    @cached_property
    def roles_by_authority(self) -> dict[int, str]:
        """Authority row id → role there: one's own, or by a mandate that a body of one's own holds."""
        return {authority: role for authority, (role, _body) in self._ways.items()}

    @cached_property
    def mandates_by_authority(self) -> dict[int, str]:
        """Authority row id → name of the body for which one acts there; one's own authorities are not in it."""
        return {authority: body for authority, (_role, body) in self._ways.items() if body}

    @cached_property
    def _ways(self) -> dict[int, tuple[str, str]]:
        """In one statement, once per loaded person; an own role comes before a mandate."""
        from tenants.models.mandates import Mandate

        viewer = "viewer"
        own = self.membership_set.values_list("authority_id", "role", models.Value(""))
        held = Mandate.objects.in_force().filter(body__membership__user=self)
        less = models.Case(models.When(body__membership__role=viewer, then=models.Value(viewer)), default="role")
        found = own.union(held.values_list("town_id", less, "body__name"), all=True)
        ways: dict[int, tuple[str, str]] = {}
        # The last word counts: one's own role, then the wider of two mandates.
        for authority, role, body in sorted(found, key=lambda way: (not way[2], way[1] != viewer)):
            ways[authority] = (role, body)
        return ways

    def forget_roles(self) -> None:
        """After a role was given or taken: the next question reads them again."""
        for known in ("region_roles", "roles_by_authority", "mandates_by_authority", "_ways"):
            self.__dict__.pop(known, None)


class RegionRole(models.Model):
    """One role that one person has at the region."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=20, choices=RegionRoleName)
    granted_at = models.DateTimeField(_("granted"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("role at the region")
        verbose_name_plural = _("roles at the region")
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="one_region_role_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"
