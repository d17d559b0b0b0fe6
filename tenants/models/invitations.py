"""People who were asked to come in."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.authorities import LocalAuthority, MemberRole
from tenants.models.mailed import MailedSecret
from tenants.models.people import RegionRoleName, User


class Invitation(MailedSecret):
    """A role that waits for the person behind a mailbox, at an authority or at the region.

    It is open while nobody has accepted or withdrawn it and `expires_at` has not passed. `replaces_owners`
    is a hand-over: whoever accepts is the owner, and the former owners are no more.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail"))
    authority = models.ForeignKey(
        LocalAuthority, models.PROTECT, null=True, related_name="invitations", verbose_name=_("authority")
    )
    role = models.CharField(_("role"), max_length=10, choices=MemberRole, blank=True)
    region_role = models.CharField(_("role at the region"), max_length=20, choices=RegionRoleName, blank=True)
    replaces_owners = models.BooleanField(default=False, editable=False)
    invited_at = models.DateTimeField(_("invited"), db_default=Now(), editable=False)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.CheckConstraint(
                name="invited_to_one_place",
                condition=models.Q(authority__isnull=False, region_role="") & ~models.Q(role="")
                | models.Q(authority__isnull=True, role="") & ~models.Q(region_role=""),
            ),
            models.UniqueConstraint(
                fields=["authority", "email"],
                name="one_open_invitation_a_mailbox",
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.role or self.region_role}"
