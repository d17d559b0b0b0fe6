"""Six answers in, a level and its reasons out; who should rather have SaaS is counted, so that the region knows."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from elaastic.levels.advice import QUESTIONS, Advice, advise
from elaastic.models import Interest
from elaastic.selectors.today import today
from tenants.models import ACTS_FOR, Actor, LocalAuthority
from tenants.models.errors import FieldErrors, Invalid
from tenants.services import audit


def recommend(answers: Mapping[str, str], *, by: Actor | None = None) -> Advice:
    """The advice; Invalid names each question without a valid answer. An advice toward SaaS is recorded: with the
    authority when the one who asks acts for exactly one, as a count otherwise.
    """
    faults: FieldErrors = {
        name: [_("Choose one of %(known)s.") % {"known": ", ".join(known)}]
        for name, known in QUESTIONS.items()
        if answers.get(name) not in known
    }
    if faults:
        raise Invalid(errors=faults)
    given = {name: answers[name] for name in QUESTIONS}
    found = advise(given)
    if found.saas:
        _record(given, _own(by), by)
    return found


def _own(by: Actor | None) -> LocalAuthority | None:
    if by is None:
        return None
    mine = [pk for pk, role in by.user.roles_by_authority.items() if role in ACTS_FOR and by.reaches(pk)]
    return LocalAuthority.objects.filter(pk=mine[0]).first() if len(mine) == 1 else None


def _record(answers: dict[str, str], authority: LocalAuthority | None, by: Actor | None) -> None:
    """One row an authority, one row a day for the same answers of somebody unknown."""
    key, day = " ".join(answers.values()), today()
    who = {"authority": authority} if authority else {"authority": None, "day": day, "key": key}
    rows = Interest.objects.filter(**who)
    with transaction.atomic():
        if rows.update(times=F("times") + 1, day=day, answers=answers, key=key):
            return
        try:
            with transaction.atomic():
                made = Interest.objects.create(authority=authority, day=day, answers=answers, key=key)
        except IntegrityError:  # somebody else was first in this very moment
            rows.update(times=F("times") + 1)
            return
        if authority is not None and by is not None:
            audit.record(
                by=by,
                action="interest.recorded",
                subject_type="interest",
                subject_id=made.pk,
                authority=authority,
                after=answers,
            )
