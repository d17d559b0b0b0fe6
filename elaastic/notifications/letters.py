"""One mail to everybody whom it is for, in Italian, with the one page that it is about."""

from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from tenants.models import ACTS_FOR, LocalAuthority, RegionRoleName
from tenants.selectors import members_of, region_people

LANGUAGE: Final = "it"


def people_of(authority: LocalAuthority) -> list[str]:
    """Who acts for it, and its security contact."""
    found = [m.user.email for m in members_of(authority) if m.role in ACTS_FOR and m.user.is_active]
    return list(dict.fromkeys([*found, *filter(None, [authority.security_contact_email])]))


def region_with(*roles: RegionRoleName) -> list[str]:
    """Everybody of the region who has one of these roles."""
    return [p.user.email for p in region_people() if p.user.is_active and set(roles) & set(p.roles)]


def send(to: list[str], authority: LocalAuthority, subject: str, body: str, page: str, id: object) -> None:
    """One mail to all of them, with the one page that it is about. OSError when no server takes it."""
    send_plain(to, subject, f"{authority.name}\n\n{body}", page, id)


def send_plain(to: list[str], subject: str, body: str, page: str, *args: object) -> None:
    """The same where no single authority is meant. Nothing happens when there is nobody to write to."""
    if not to:
        return
    with translation.override(LANGUAGE):
        foot = f"{settings.BASE_URL}{reverse(page, args=args)}\n\n-- \n{_('Mcloud, Regione Marche')}\n"
    EmailMessage(f"[Mcloud] {subject}", f"{body}\n\n{foot}", to=to).send()
