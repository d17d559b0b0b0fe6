"""Mails: what happened, whose move it is, and one next action. Never a secret, never a figure that a page lacks."""

from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from elaastic.models import Alert, AlertKind
from tenants.models import ACTS_FOR, LocalAuthority
from tenants.selectors import members_of

LANGUAGE: Final = "it"


def people_of(authority: LocalAuthority) -> list[str]:
    """Who acts for it, and its security contact."""
    found = [m.user.email for m in members_of(authority) if m.role in ACTS_FOR and m.user.is_active]
    return list(dict.fromkeys([*found, *filter(None, [authority.security_contact_email])]))


def tell(alert: Alert) -> None:
    """One mail to everybody who acts for the authority. OSError when no server takes it; nothing when there is
    nobody to write to, which the region sees in its list of authorities.
    """
    authority = alert.subscription.authority
    to = people_of(authority)
    if not to:
        return
    with translation.override(LANGUAGE):
        subject, body = _words(alert)
        path = reverse("subscription", args=[alert.subscription.public_id])
        text = f"{authority.name}\n\n{body}\n\n{settings.BASE_URL}{path}\n\n-- \n{_('Mcloud, Regione Marche')}\n"
        message = EmailMessage(f"[Mcloud] {subject}", text, to=to)
    message.send()


def _words(alert: Alert) -> tuple[str, str]:
    said = {"archive": alert.archive, "since": date_format(localtime(alert.began_at), "d/m/Y H:i")}
    if alert.kind == AlertKind.FULL:
        if alert.ended_at:
            return _("There is room again"), _("The space is no longer nearly full. Nothing is to be done.")
        return (
            _("The space is nearly full"),
            _(
                "The next copy may be refused. Ask for more space on the page below, or keep earlier versions for "
                "less long."
            ),
        )
    if alert.ended_at:
        return (
            _("A copy arrived again in “%(archive)s”") % said,
            _("Copies arrive again in the archive “%(archive)s”. Nothing is to be done.") % said,
        )
    return (
        _("A copy is late in “%(archive)s”") % said,
        _(
            "No copy has arrived in the archive “%(archive)s” for longer than was agreed (noticed on %(since)s). "
            "Look at your backup program today: did it run, and what did it say?"
        )
        % said,
    )
