"""A town lets another body act for it until a date; it can take that back at any time."""

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import (
    ACT_FOR_OTHERS,
    MANDATED_ROLES,
    Actor,
    AuthorityState,
    LocalAuthority,
    Mandate,
    MandateNews,
    MemberRole,
)
from tenants.models.errors import Forbidden, Invalid, WrongState
from tenants.permissions import may_operate
from tenants.services import audit
from tenants.services.checking import check_fields
from tenants.services.mandate_news import announce

# As long as the model agreement (DGR Marche 1489/2018): then the town thinks about it again.
LONGEST: Final = timedelta(days=3 * 366)


@transaction.atomic
def give_mandate(
    *, town: LocalAuthority, body: LocalAuthority, role: str, until: date, by: Actor, letter: str = ""
) -> Mandate:
    """From now to the end of that day in Italy. The town's owners give it, and nobody in their stead.

    Raises Forbidden, Invalid (every field at fault), WrongState (one is in force, or the town is not verified).
    """
    if not _owns(by, town):
        raise Forbidden(_("Only an owner of the authority gives a mandate."))
    if town.state != AuthorityState.VERIFIED:
        raise WrongState(_("The authority is not verified: it cannot give mandates yet."))
    row = Mandate(
        town=town, body=body, role=role, until=_end_of(until), letter=letter.strip(), given_by=by.user
    )  # fmt: skip
    _check(row, until)
    former = Mandate.objects.filter(town=town, body=body, ended_at=None)
    former.filter(until__lte=Now()).update(ended_at=Now())
    if former.exists():
        raise WrongState(_("This body holds a mandate already: end it before you give another."))
    row.save(force_insert=True)
    row.refresh_from_db()
    announce(row, MandateNews.GIVEN)
    _record(by, "mandate.given", row)
    return row


@transaction.atomic
def end_mandate(*, mandate: Mandate, by: Actor) -> None:
    """From now on its people act there no more. Either side may; twice changes nothing. Raises Forbidden."""
    if not (_owns(by, mandate.town) or _owns(by, mandate.body) or may_operate(by)):
        raise Forbidden(_("Only an owner of one of the two bodies, or the region, ends a mandate."))
    if not Mandate.objects.filter(pk=mandate.pk, ended_at=None).update(ended_at=Now()):
        return
    mandate.refresh_from_db()
    by.user.forget_roles()
    with suppress(IntegrityError), transaction.atomic():  # it was over, and they know
        announce(mandate, MandateNews.ENDED)
    _record(by, "mandate.ended", mandate)


def _owns(by: Actor, body: LocalAuthority) -> bool:
    return by.reaches(body.pk) and by.user.roles_by_authority.get(body.pk) == MemberRole.OWNER


def _check(row: Mandate, until: date) -> None:
    faults: dict[str, list[object]] = {}
    if row.role not in MANDATED_ROLES:
        faults["role"] = [_("Choose operator or viewer: a town stays its own owner.")]
    fit = row.body.kind in ACT_FOR_OTHERS and row.body.state == AuthorityState.VERIFIED
    if not fit or row.body.pk == row.town.pk:
        faults["body"] = [_("Choose a Provincia, a union or a supplier that the region has verified.")]
    today = _today(row.town)
    if not today <= until <= today + LONGEST:
        faults["until"] = [_("Choose a day from today on, three years ahead at most.")]
    if faults:
        raise Invalid(errors=faults)  # type: ignore[arg-type]  # lazy sentences
    check_fields(row, exclude={"town", "body", "given_by"})


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(settings.TIME_ZONE))


def _today(town: LocalAuthority) -> date:
    """By the database's clock, in Italy."""
    moment = LocalAuthority.objects.filter(pk=town.pk).annotate(moment=Now()).values_list("moment", flat=True).get()
    assert isinstance(moment, datetime)
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def _record(by: Actor, action: str, row: Mandate) -> None:
    told = {
        "body": row.body.public_id, "body_name": row.body.name, "role": MemberRole(row.role), "until": row.until,
        "letter": row.letter,
    }  # fmt: skip
    audit.record(
        by=by, action=action, subject_type="mandate", subject_id=row.public_id, authority=row.town, after=told
    )
