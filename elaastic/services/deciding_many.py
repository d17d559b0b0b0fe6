"""Many requests at once: each is decided as if alone, in a transaction of its own, and has a result of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from elaastic.models import Decision, Request
from elaastic.models.errors import RequestClosed
from elaastic.services.deciding import approve_request, reject_request
from tenants.models import Actor
from tenants.models.errors import DomainError

MOST: Final = 200


@dataclass(frozen=True)
class Wanted:
    """One line of what is to be decided. `digest`: of the plan that was shown, for a yes."""

    request: Request
    decision: str
    digest: str
    note: str


@dataclass(frozen=True)
class Outcome:
    """What became of one; `refusal` None: it is decided as wanted."""

    wanted: Wanted
    refusal: DomainError | None


def decide_many(wanted: Iterable[Wanted], *, by: Actor) -> Iterator[Outcome]:
    """In the given order. Never call it inside a transaction: what one decision locks would keep the next waiting
    for somebody who waits for it. The same call again changes nothing and says the same.
    """
    for one in wanted:
        try:
            _decide(one, by)
        except RequestClosed as refusal:
            yield Outcome(one, None if _is_done(one, by) else refusal)
        except DomainError as refusal:
            yield Outcome(one, refusal)
        else:
            yield Outcome(one, None)


def _decide(one: Wanted, by: Actor) -> None:
    if one.decision == Decision.APPROVED:
        approve_request(request=one.request, plan_digest=one.digest, note=one.note, by=by)
    else:
        reject_request(request=one.request, note=one.note, by=by)


def _is_done(one: Wanted, by: Actor) -> bool:
    """This very person decided this very thing before."""
    row = Request.objects.filter(pk=one.request.pk, decision=one.decision, decided_by=by.user)
    return row.filter(**({"plan_digest": one.digest} if one.decision == Decision.APPROVED else {})).exists()
