"""How a body comes in by itself.

1. Somebody sends what the body is (`send_registration`). A worker mails a code to the PEC address (`mailing`).
2. Whoever reads that mailbox types the code (`prove_pec`); or a signed letter is sent instead (`add_papers`).
3. The region looks at what was checked and says yes (`accept_registration`: the authority's row is made, verified,
   and the contact is invited as its owner) or no, with a reason (`refuse_registration`).
Whether a code is known already is told to the region alone: the answers to a stranger are the same either way.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Actor, LocalAuthority, Registration, RegistrationState
from tenants.models.errors import Forbidden, Invalid, TooMany, WrongState
from tenants.permissions import may_verify
from tenants.services import audit, secret_words
from tenants.services.authorities import AuthorityDetails, canonical, register_authority
from tenants.services.checking import check_fields, check_text
from tenants.services.invitations import invite_owner

PURPOSE: Final = "pec"
CODE_LIVES: Final = timedelta(hours=48)  # a protocol office reads the PEC on working days
TRIES: Final = 5
# A town registers once; five an hour leaves room for a Provincia that does it for its towns.
FROM_ONE_ADDRESS: Final = 5
FROM_EVERYWHERE: Final = 200
# Mails to one PEC address in a day, whoever asks: nobody floods a protocol office through the portal.
CODES_A_DAY: Final = 5
AGAIN_AFTER: Final = timedelta(minutes=2)


@transaction.atomic
def send_registration(
    *, details: AuthorityDetails, contact_name: str, contact_email: str, by: Actor
) -> Registration:
    """Take down what a body says of itself. Raises Invalid (all faults at once), TooMany."""
    told = canonical(asdict(details))
    row = Registration(
        details=told, pec=told["pec"], contact_name=contact_name.strip(),
        contact_email=contact_email.strip().lower(), ip=by.ip,
    )  # fmt: skip
    _check(row, told)
    recent = Registration.objects.filter(sent_in_at__gt=Now() - timedelta(hours=1))
    if recent.filter(ip=by.ip).count() >= FROM_ONE_ADDRESS or recent.count() >= FROM_EVERYWHERE:
        raise TooMany(_("Too many registrations came in during the last hour: wait an hour and send it again."))
    _refuse_a_flood(row.pec)
    row.save(force_insert=True)
    _record(by, "registration.sent", row, after={**told, **_contact(row)})
    row.refresh_from_db()
    return row


def prove_pec(*, registration: Registration, code: str, by: Actor) -> Registration:
    """The code that was mailed came back. Raises Invalid (wrong, or none is valid), WrongState.

    A wrong one costs a try, whatever else happens: the count is written before the refusal.
    """
    row = _open(registration)
    now_valid = Registration.objects.filter(
        pk=row.pk, state=RegistrationState.UNPROVEN, pec_proven_at=None, expires_at__gt=Now(), tries_left__gt=0
    )
    if not now_valid.update(tries_left=F("tries_left") - 1):
        raise Invalid(errors={"code": [_("No code is valid now: ask for another one, and use the newest mail.")]})
    if not secret_words.fits(secret_words.typed(code), PURPOSE, row.secret_hash):
        raise Invalid(errors={"code": [_("This is not the code. Take it from the newest mail, letter by letter.")]})
    with transaction.atomic():
        same = Registration.objects.filter(pk=row.pk, secret_hash=row.secret_hash, state=RegistrationState.UNPROVEN)
        moved = same.update(
            state=RegistrationState.TO_CHECK, pec_proven_at=Now(), secret_hash="", send_due=None, tries_left=0
        )
        if not moved:
            raise WrongState(_("A newer code was sent meanwhile: use that one."))
        row.refresh_from_db()
        _record(by, "registration.pec_proven", row, after={"pec": row.pec})
    return row


@transaction.atomic
def send_code_again(*, registration: Registration, by: Actor) -> None:
    """Another code, and the former stops working once it is sent. Raises WrongState, TooMany."""
    row = _open(registration)
    _refuse_a_flood(row.pec)
    idle = Registration.objects.filter(pk=row.pk, send_due=None, sent_at__lt=Now() - AGAIN_AFTER)
    if not idle.update(send_due=Now()):
        raise TooMany(_("A code was sent a moment ago. Wait two minutes before you ask for another."))
    _record(by, "registration.code_asked", row)


@transaction.atomic
def accept_registration(*, registration: Registration, note: str, by: Actor) -> LocalAuthority:
    """The region's yes: the authority, verified, and an invitation to its first owner.

    Raises Forbidden, Invalid (a letter needs words on how it was checked), WrongState, AuthorityExists.
    """
    _may_decide(by)
    check_text("note", note, lines=True)
    if registration.pec_proven_at is None and not note.strip():
        raise Invalid(errors={"note": [_("The PEC was not proven: say how the letter was checked.")]})
    if registration.state != RegistrationState.TO_CHECK:
        raise _decided()
    details = AuthorityDetails(**registration.details)
    authority = register_authority(details=details, by=by.acting_for(registration.contact_email))
    _decide(registration, by, RegistrationState.ACCEPTED, note, authority=authority)
    invite_owner(authority=authority, email=registration.contact_email, by=by)
    _record(by, "registration.accepted", registration, after={"note": note.strip()}, authority=authority)
    return authority


@transaction.atomic
def refuse_registration(*, registration: Registration, reason: str, by: Actor) -> None:
    """The region's no, with a reason that is mailed to the contact. Raises Forbidden, Invalid, WrongState."""
    _may_decide(by)
    if not reason.strip():
        raise Invalid(errors={"reason": [_("Say why: the authority will read it.")]})
    check_text("reason", reason, lines=True)
    _decide(registration, by, RegistrationState.REFUSED, reason, send_due=Now(), sent_at=None)
    _record(by, "registration.refused", registration, after={"reason": reason.strip()})


def same_body(row: Registration) -> QuerySet[LocalAuthority]:
    """Authorities that have one of its codes already: for the region's eyes."""
    by_ipa = LocalAuthority.objects.filter(ipa_code=row.details["ipa_code"])
    return by_ipa | LocalAuthority.objects.filter(fiscal_code=row.details["fiscal_code"])


def _check(row: Registration, told: Mapping[str, Any]) -> None:
    """The body's columns and the contact's, every fault at once."""
    faults: dict[str, Any] = {}
    for checked, exclude in ((LocalAuthority(**told), {"registered_by"}), (row, {"details", "pec"})):
        try:
            check_fields(checked, exclude)
        except Invalid as refused:
            faults.update(refused.errors)
    if faults:
        raise Invalid(errors=faults)


def _refuse_a_flood(pec: str) -> None:
    today = Registration.objects.filter(pec=pec, sent_in_at__gt=Now() - timedelta(days=1))
    asked = sum(max(1, sent) for sent in today.values_list("codes_sent", flat=True))
    if asked >= CODES_A_DAY:
        raise TooMany(_("Too many codes were asked for this PEC address today: try tomorrow."))


def _open(registration: Registration) -> Registration:
    row = Registration.objects.get(pk=registration.pk)
    if row.state != RegistrationState.UNPROVEN:
        raise WrongState(_("No code is needed any more."))
    return row


def _may_decide(by: Actor) -> None:
    if not may_verify(by):
        raise Forbidden(_("Only the region's operators verify authorities."))


def _decide(row: Registration, by: Actor, state: str, note: str, **more: Any) -> None:
    """From `to_check`, once; whoever comes second is told."""
    waiting = Registration.objects.filter(pk=row.pk, state=RegistrationState.TO_CHECK)
    if not waiting.update(state=state, note=note.strip(), decided_at=Now(), decided_by=by.user, ip="", **more):
        raise _decided()
    row.refresh_from_db()


def _decided() -> WrongState:
    return WrongState(_("This registration was decided already, or has not been proven."))


def _contact(row: Registration) -> dict[str, str]:
    return {"email": row.contact_email, "full_name": row.contact_name}


def _record(
    by: Actor, action: str, row: Registration, *, after: Mapping[str, Any] | None = None,
    authority: LocalAuthority | None = None,
) -> None:  # fmt: skip
    audit.record(
        by=by, action=action, subject_type="registration", subject_id=row.public_id, after=after,
        authority=authority,
    )  # fmt: skip
