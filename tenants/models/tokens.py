"""Keys that scripts hold."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.authorities import LocalAuthority
from tenants.models.codes import validate_text
from tenants.models.people import User


class ApiToken(models.Model):
    """A bearer token, of which only the SHA-256 is kept.

    The secret is 256 random bits, so a plain hash is enough: there is nothing to guess from a word list.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, models.PROTECT, verbose_name=_("person"))
    name = models.CharField(_("name"), max_length=100, blank=True, validators=[validate_text])
    prefix = models.CharField(
        _("beginning"), max_length=12, help_text=_("The first characters, to recognise a token in a list.")
    )
    secret_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    authority = models.ForeignKey(
        LocalAuthority, models.PROTECT, null=True, blank=True, verbose_name=_("only for the authority")
    )
    created_at = models.DateTimeField(_("issued"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return f"{self.prefix}…"
