"""Mails about people and bodies: what happened, whose move it is, and one next action. In Italian."""

from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tenants.models import (
    AuthorityState,
    Invitation,
    LocalAuthority,
    MandateNews,
    MandateNotice,
    Registration,
    StandingNotice,
)

LANGUAGE: Final = "it"


def pec_code(row: Registration, code: str) -> EmailMessage:
    """The code, to the PEC address; whoever opens the mailbox learns who asked, and how to ignore it."""
    with translation.override(LANGUAGE):
        link = _link("registration", str(row.public_id))
        said = {"name": row.details["name"], "contact": row.contact_name, "email": row.contact_email, "code": code}
        text = _(
            "%(contact)s (%(email)s) asks to register %(name)s on Mcloud, the region's cloud for local "
            "authorities.\n\nIf this is so, the code is:\n\n    %(code)s\n\nIt is valid for 48 hours, and only the "
            "newest one. Type it on this page:"
        )
        after = _("If nobody at your office asked for this, do nothing: without the code nothing happens.")
        body = f"{text % said}\n\n{link}\n\n{after}"
        return _message(_("The code for registering %(name)s") % said, body, row.pec, pec=True)


def registration_refused(row: Registration) -> EmailMessage:
    """The region's no, to whoever sent the registration."""
    with translation.override(LANGUAGE):
        said = {"name": row.details["name"], "reason": row.note}
        text = _(
            "The region has not accepted the registration of %(name)s.\n\nThe reason:\n\n    %(reason)s\n\n"
            "You can correct it and register again, or write to the help desk:"
        )
        body = f"{text % said}\n\n{_link('contacts')}"
        return _message(_("The registration of %(name)s was not accepted") % said, body, row.contact_email)


def invitation(row: Invitation, secret: str) -> EmailMessage:
    """The link that opens the account or adds the role; it works once."""
    with translation.override(LANGUAGE):
        where = row.authority.name if row.authority else _("the region")
        role = str(row.get_role_display() if row.authority else row.get_region_role_display()).lower()
        said = {"who": str(row.invited_by), "where": where, "role": role}
        text = _(
            "%(who)s invites you to work on Mcloud for: %(where)s. Your role there: %(role)s.\n\nOpen this link "
            "within fourteen days; it works once and is for you alone:"
        )
        after = _("If you do not know what this is about, do nothing: the invitation ends by itself.")
        body = f"{text % said}\n\n{_link('invitation_link', secret)}\n\n{after}"
        return _message(_("You are invited to Mcloud for: %(where)s") % said, body, row.email)


def already_registered(authority: LocalAuthority, row: Registration, code: str) -> EmailMessage:
    """As `pec_code`, for a body that is in: only its own PEC mailbox is told so."""
    message = pec_code(row, code)
    with translation.override(LANGUAGE):
        told = _(
            "Mind: %(name)s is registered on Mcloud already. If a colleague manages it, ask to be invited. If "
            "nobody can sign in any more, type the code all the same: the region will read it as a request to hand "
            "over."
        )
        message.body = f"{told % {'name': authority.name}}\n\n{message.body}"
    return message


def mandate_news(row: MandateNotice, to: list[str]) -> EmailMessage:
    """Given, about to end, ended: to the owners of one of the two bodies."""
    mandate = row.mandate
    with translation.override(LANGUAGE):
        said = {
            "town": mandate.town.name,
            "body": mandate.body.name,
            "day": date_format(localtime(mandate.until), "d/m/Y"),
            "role": str(mandate.get_role_display()).lower(),
        }
        subject, body = (_for_the_town if row.to_id == mandate.town_id else _for_the_body)(row.news)
        page = _link("authority_people", str(row.to.public_id))
        return _message(subject % said, f"{body % said}\n\n{page}", *to)


def standing(row: StandingNotice, to: list[str]) -> EmailMessage:
    """Suspended, with the reason and what goes on; or lifted."""
    with translation.override(LANGUAGE):
        said = {"name": row.authority.name, "reason": row.reason}
        if row.state != AuthorityState.SUSPENDED:
            body = _("You can ask again, and mandates are in force again. Nothing is to be done.")
            return _message(_("The suspension of %(name)s is lifted") % said, f"{body}\n\n{_link('home')}", *to)
        body = _(
            "The region has suspended %(name)s.\n\nThe reason:\n\n    %(reason)s\n\nCopies go on arriving, and "
            "everything can be restored. Until the region lifts it you cannot ask for anything new, and mandates "
            "that you gave or hold rest.\n\nWhat to do: settle it with the help desk."
        )
        return _message(_("%(name)s is suspended") % said, f"{body % said}\n\n{_link('contacts')}", *to)


def _for_the_town(news: str) -> tuple[str, str]:
    if news == MandateNews.GIVEN:
        return (
            _("%(town)s has given %(body)s a mandate"),
            _(
                "The people of %(body)s act for %(town)s until %(day)s (role: %(role)s); the trail names them. If "
                "this is not what was meant, end the mandate on this page:"
            ),
        )
    if news == MandateNews.ENDED:
        return (
            _("The mandate of %(body)s has ended"),
            _(
                "The people of %(body)s act for %(town)s no more. If they are to go on, give a new mandate on this "
                "page:"
            ),
        )
    return (
        _("The mandate of %(body)s ends on %(day)s"),
        _(
            "After that day the people of %(body)s act for %(town)s no more. If they are to go on, end this "
            "mandate and give a new one on this page:"
        ),
    )


def _for_the_body(news: str) -> tuple[str, str]:
    if news == MandateNews.GIVEN:
        return (
            _("You hold a mandate of %(town)s"),
            _(
                "The people of %(body)s act for %(town)s until %(day)s (role: %(role)s); the trail names them. Who "
                "they are, you see and change on this page:"
            ),
        )
    if news == MandateNews.ENDED:
        return (
            _("Your mandate of %(town)s has ended"),
            _("The people of %(body)s act for %(town)s no more. If they are to go on, ask the authority."),
        )
    return (
        _("Your mandate of %(town)s ends on %(day)s"),
        _(
            "After that day the people of %(body)s act for %(town)s no more. If they are to go on, ask the "
            "authority for a new mandate in time."
        ),
    )


def _link(name: str, *args: str) -> str:
    return f"{settings.BASE_URL}{reverse(name, args=args)}"


def _message(subject: str, body: str, *to: str, pec: bool = False) -> EmailMessage:
    text = f"{body}\n\n-- \n{_('Mcloud, Regione Marche')}\n"
    if not pec:
        return EmailMessage(f"[Mcloud] {subject}", text, to=to)
    connection = get_connection(**settings.PEC_CONNECTION)
    return EmailMessage(f"[Mcloud] {subject}", text, settings.PEC_FROM, to, connection=connection)
