"""Hand over the mails that are due, from a worker: no web request waits for a mail server.

1. Claim the row by compare-and-swap on its due time, and store the hash of a new secret in the same statement.
2. Send, outside any transaction. The secret lives from 1 to here, in this process alone.
3. Note that it was sent. A worker that dies in between, or a server that refuses, costs a minute: then the row is
   due again and gets another secret, so a mail may come twice and the newer one counts.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.core.mail import EmailMessage
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from tenants import notifications
from tenants.models import (
    ACTS_FOR,
    Invitation,
    LocalAuthority,
    Mailed,
    MandateNews,
    MandateNotice,
    MemberRole,
    Registration,
    RegistrationState,
    StandingNotice,
)
from tenants.selectors import members_of
from tenants.services import invitations, registrations, secret_words

log = logging.getLogger(__name__)

AGAIN_AFTER: Final = timedelta(minutes=1)
# The worker that mails looks after due stacks too; what is left waits for the next second.
AT_ONCE: Final = 20

Row = Any
Written = tuple[EmailMessage | None, dict[str, Any]]


def tick() -> None:
    """One look at everybody who has yet to be told of something."""
    for model, write in WRITERS.items():
        _send_due(model, write)


def _send_due(model: type[Mailed], write: Callable[[Row], Written]) -> None:
    rows: QuerySet[Any] = model._default_manager.all()
    for row in rows.filter(send_due__lte=Now()).order_by("send_due", "pk")[:AT_ONCE]:
        message, values = write(row)
        mine = rows.filter(pk=row.pk, send_due__lte=Now())
        if not mine.update(**{"send_due": Now() + AGAIN_AFTER, **values}) or message is None:
            continue
        try:
            message.send()
        except OSError as error:  # SMTP's refusals are among them; the server may be back in a minute
            log.warning("%s %s could not be mailed: %s", model.__name__, row.pk, type(error).__name__)
            rows.filter(send_due__lte=Now()).update(send_due=Now() + AGAIN_AFTER)
            return
        still = {"secret_hash": values["secret_hash"]} if "secret_hash" in values else {}
        rows.filter(pk=row.pk, **still).update(send_due=None, sent_at=Now())


def _for_registration(row: Registration) -> Written:
    if row.state == RegistrationState.REFUSED:
        return notifications.registration_refused(row), {}
    if row.state != RegistrationState.UNPROVEN:
        return None, {"send_due": None}
    code = secret_words.new_code()
    values = {
        "secret_hash": secret_words.hash_of(code, registrations.PURPOSE),
        "expires_at": Now() + registrations.CODE_LIVES,
        "tries_left": registrations.TRIES,
        "codes_sent": F("codes_sent") + 1,
    }
    known = registrations.same_body(row).filter(pec=row.pec).first()
    return _code_mail(row, code, known), values


def _code_mail(row: Registration, code: str, known: LocalAuthority | None) -> EmailMessage:
    if known is None:
        return notifications.pec_code(row, code)
    return notifications.already_registered(known, row, code)


def _for_invitation(row: Invitation) -> Written:
    if row.accepted_at or row.withdrawn_at:
        return None, {"send_due": None}
    secret = secret_words.new_link_secret()
    values = {
        "secret_hash": secret_words.hash_of(secret, invitations.PURPOSE),
        "expires_at": Now() + invitations.LIVES,
    }
    return notifications.invitation(row, secret), values


def _for_mandate(row: MandateNotice) -> Written:
    if row.mandate.ended_at and row.news != MandateNews.ENDED:
        return None, {"send_due": None}
    to = [m.user.email for m in members_of(row.to) if m.role == MemberRole.OWNER and m.user.is_active]
    if not to:
        return None, {"send_due": None}
    return notifications.mandate_news(row, to), {}


def _for_standing(row: StandingNotice) -> Written:
    """What was lifted meanwhile is told by the notice that lifted it."""
    if row.authority.state != row.state:
        return None, {"send_due": None}
    acting = [m.user.email for m in members_of(row.authority) if m.role in ACTS_FOR and m.user.is_active]
    to = list(dict.fromkeys([*acting, *filter(None, [row.authority.security_contact_email])]))
    if not to:
        return None, {"send_due": None}
    return notifications.standing(row, to), {}


WRITERS: Final[dict[type[Mailed], Callable[[Row], Written]]] = {
    Registration: _for_registration,
    Invitation: _for_invitation,
    MandateNotice: _for_mandate,
    StandingNotice: _for_standing,
}
