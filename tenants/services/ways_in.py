"""Let somebody in who cannot sign in: two people of the region, one after the other, and all of it in the trail.

1. One operator opens it and writes how the person was identified (`open_way_in`).
2. Another one identifies the person again and confirms (`confirm_way_in`). The database refuses one person twice.
3. Hand-over: an invitation goes to the new owner's mailbox; accepting it takes the role from the former owners.
   Emergency: each of the two was shown one half of a code; whoever types both (`use_way_in`) is let in once, within
   a day. What is then shown stands in `elaastic`: the key that only restores.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Actor, LocalAuthority, WayIn, WayInKind
from tenants.models.errors import Forbidden, Invalid, WrongState
from tenants.models.ways_in import LIVES
from tenants.permissions import may_let_in
from tenants.services import audit, secret_words
from tenants.services.checking import check_fields, check_text
from tenants.services.invitations import invite_owner

PURPOSE: Final = "way in"
TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """The row, and the half of the code that this operator reads out; empty for a hand-over."""

    row: WayIn
    half: str = field(repr=False, default="")


@transaction.atomic
def open_way_in(
    *, authority: LocalAuthority, kind: str, person_name: str, identified: str, by: Actor, email: str = "",
    letter: str = "",
) -> Opened:  # fmt: skip
    """The first of two. Raises Forbidden, Invalid, WrongState (one is open already)."""
    _may(by)
    half = secret_words.new_code() if kind == WayInKind.EMERGENCY else ""
    row = WayIn(
        authority=authority, kind=kind, person_name=person_name.strip(), email=email.strip().lower(),
        letter=letter.strip(), identified=identified.strip(), opened_by=by.user, tries_left=TRIES,
        first_hash=secret_words.hash_of(half, PURPOSE) if half else "",
    )  # fmt: skip
    _check(row)
    row.expires_at = Now() + LIVES[WayInKind(kind)]
    former = WayIn.objects.filter(authority=authority, kind=kind, used_at=None, closed_at=None)
    former.filter(expires_at__lte=Now()).update(closed_at=Now())
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise WrongState(_("One is open for this authority already: confirm it or close it first.")) from error
    row.refresh_from_db()
    _record(by, f"{kind}.opened", row, {"identified": row.identified, "letter": row.letter})
    return Opened(row, half)


@transaction.atomic
def confirm_way_in(*, way_in: WayIn, identified: str, by: Actor) -> Opened:
    """The second of two. Raises Forbidden (the same person), Invalid, WrongState."""
    _may(by)
    if way_in.opened_by_id == by.user.pk:
        raise Forbidden(_("Whoever opened it cannot confirm it: a colleague must."))
    _check_words(identified)
    half = secret_words.new_code() if way_in.kind == WayInKind.EMERGENCY else ""
    waiting = live_ways_in().filter(pk=way_in.pk, confirmed_at=None).exclude(opened_by=by.user)
    values: dict[str, Any] = {"second_hash": secret_words.hash_of(half, PURPOSE)} if half else {"used_at": Now()}
    if not waiting.update(
        confirmed_by=by.user, confirmed_at=Now(), identified_again=identified.strip(),
        expires_at=Now() + LIVES[WayInKind(way_in.kind)], **values,
    ):  # fmt: skip
        raise WrongState(_("It was confirmed or closed already, or is too old: open another one."))
    way_in.refresh_from_db()
    _record(by, f"{way_in.kind}.confirmed", way_in, {"identified": way_in.identified_again})
    if way_in.kind == WayInKind.HAND_OVER:
        invite_owner(authority=way_in.authority, email=way_in.email, by=by, replaces_owners=True)
    return Opened(way_in, half)


@transaction.atomic
def close_way_in(*, way_in: WayIn, by: Actor) -> None:
    """Nobody is let in by it any more. Raises Forbidden, WrongState."""
    _may(by)
    if not WayIn.objects.filter(pk=way_in.pk, used_at=None, closed_at=None).update(closed_at=Now()):
        raise WrongState(_("It was used or closed already."))
    _record(by, f"{way_in.kind}.closed", way_in, {})


def check_halves(*, way_in: WayIn | None, first: str, second: str) -> WayIn:
    """Are these the two halves? A wrong pair costs a try, which is written before the refusal.

    Raises Invalid: absent, too old, used, not confirmed, no tries left and wrong are one answer.
    """
    wrong = Invalid(errors={"second": [_("Code of the body or halves are wrong: have them read out again.")]})
    if way_in is None:
        raise wrong
    confirmed = live_ways_in().filter(pk=way_in.pk, kind=WayInKind.EMERGENCY, confirmed_at__isnull=False)
    if not confirmed.filter(tries_left__gt=0).update(tries_left=F("tries_left") - 1):
        raise wrong
    row = WayIn.objects.select_related("authority").get(pk=way_in.pk)
    fit = secret_words.fits(secret_words.typed(first), PURPOSE, row.first_hash)
    fits = secret_words.fits(secret_words.typed(second), PURPOSE, row.second_hash)
    if not (fit and fits):
        raise wrong
    WayIn.objects.filter(pk=row.pk).update(tries_left=TRIES)  # whoever has them may wait for the key
    return row


def use_way_in(*, way_in: WayIn, by: Actor, told: dict[str, Any]) -> None:
    """It was used; call it in the transaction of what it was used for. Raises WrongState (used meanwhile)."""
    if not live_ways_in().filter(pk=way_in.pk, confirmed_at__isnull=False).update(used_at=Now()):
        raise WrongState(_("It was used already."))
    _record(by, f"{way_in.kind}.used", way_in, told)


def emergency_of(ipa_code: str) -> WayIn | None:
    """The confirmed emergency of the authority with this code, if there is one now."""
    rows = live_ways_in().filter(kind=WayInKind.EMERGENCY, confirmed_at__isnull=False)
    return rows.select_related("authority").filter(authority__ipa_code=ipa_code.strip().lower()).first()


def live_ways_in() -> QuerySet[WayIn]:
    """Neither used, closed nor too old."""
    return WayIn.objects.filter(used_at=None, closed_at=None, expires_at__gt=Now())


def _may(by: Actor) -> None:
    if not may_let_in(by):
        raise Forbidden(_("Only the region's operators, signed in themselves, let somebody in."))


def _check(row: WayIn) -> None:
    if row.kind not in WayInKind.values:
        raise Invalid(errors={"kind": [_("Choose a hand-over or an emergency.")]})
    faults: dict[str, Any] = {}
    if row.kind == WayInKind.HAND_OVER:
        try:
            validate_email(row.email)
        except ValidationError as error:
            faults["email"] = error.messages
        if not row.letter:
            faults["letter"] = [_("Write protocol number and date of the letter that came by PEC.")]
    try:
        check_fields(row, exclude={"authority", "opened_by", "expires_at", "email"})
        _check_words(row.identified)
    except Invalid as refused:
        faults = {**refused.errors, **faults}
    if faults:
        raise Invalid(errors=faults)


def _check_words(identified: str) -> None:
    check_text("identified", identified, lines=True)
    if len(identified.strip()) < 20:
        raise Invalid(errors={"identified": [_("Say in a sentence how you made sure who the person is.")]})


def _record(by: Actor, action: str, row: WayIn, told: dict[str, Any]) -> None:
    audit.record(
        by=by, action=action, subject_type="way_in", subject_id=row.public_id, authority=row.authority,
        after={**told, "full_name": row.person_name, "email": row.email},
    )  # fmt: skip
