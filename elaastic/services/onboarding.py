"""Many authorities at once: each is registered, and asks for level 1, in a transaction of its own.

The same call again changes nothing: what is there already and is told alike is `known`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from elaastic.levels import LEVELS
from elaastic.models import Subscription
from elaastic.models.errors import AuthorityDiffers
from elaastic.services.asking import request_subscription
from tenants.models import Actor, LocalAuthority
from tenants.models.errors import DomainError, Forbidden, Invalid
from tenants.permissions import may_verify
from tenants.selectors import authorities_readable_by
from tenants.services.authorities import AuthorityDetails, canonical, register_authority

MOST: Final = 500
LEVEL: Final = 1


@dataclass(frozen=True)
class Wanted:
    """`quota_gib`: ask for level 1 with so much space and its defaults; None: only register."""

    details: AuthorityDetails
    quota_gib: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one. `refusal`: nothing of it was done; else what is there, made just now or before."""

    authority: LocalAuthority | None = None
    registered: bool = False
    subscription: Subscription | None = None
    asked: bool = False
    refusal: DomainError | None = None


def onboard(wanted: Iterable[Wanted | DomainError], *, by: Actor, only_look: bool = False) -> Iterator[Outcome]:
    """In the given order; what is refused already stays so. `only_look`: say what would become of it, do nothing.

    Raises Forbidden. Never call it inside a transaction: each row commits on its own.
    """
    if not may_verify(by):
        raise Forbidden(_("Only the region's operators take in many authorities at once."))
    for one in wanted:
        yield Outcome(refusal=one) if isinstance(one, DomainError) else _onboard(one, by, only_look=only_look)


def _onboard(one: Wanted, by: Actor, *, only_look: bool) -> Outcome:
    try:
        with transaction.atomic():
            outcome = _do(one, by)
            transaction.set_rollback(only_look)
    except DomainError as refusal:
        return Outcome(refusal=refusal)
    return outcome


def _do(one: Wanted, by: Actor) -> Outcome:
    told = canonical(asdict(one.details))
    known = authorities_readable_by(by).filter(ipa_code=told["ipa_code"]).first()
    if known:
        differs = sorted(name for name, value in told.items() if getattr(known, name) != value)
        if differs:
            sentence = _("This is registered otherwise: change it on the authority's own page, or in the file.")
            raise AuthorityDiffers(errors={name: [sentence] for name in differs})
    authority = known or register_authority(details=one.details, by=by)
    live = Subscription.objects.filter(authority=authority, ended_at=None, closed_at=None).first()
    if one.quota_gib is None or live:
        return Outcome(authority, known is None, live)
    terms = {**LEVELS[LEVEL].defaults, "quota_gib": one.quota_gib}
    try:
        asked = request_subscription(authority=authority, level=LEVEL, terms=terms, by=by)
    except Invalid as refusal:
        raise Invalid(errors={name.removeprefix("terms."): e for name, e in refusal.errors.items()}) from refusal
    return Outcome(authority, known is None, asked.subscription, asked=True)
