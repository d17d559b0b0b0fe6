"""Who may do what with subscriptions and requests; built from the questions of `tenants`."""

from elaastic.models import Request, Subscription
from tenants.models import Actor
from tenants.permissions import (
    is_regional,
    may_act_for,
    may_decide,
    may_operate,
    may_read_authority,
    may_read_region,
)

__all__ = [
    "is_on_its_side",
    "may_ask",
    "may_collect",
    "may_decide_request",
    "may_operate",
    "may_read",
    "may_read_region",
    "sees_stack",
]


def may_read(actor: Actor, subscription: Subscription) -> bool:
    """Its authority's people, and the region."""
    return may_read_authority(actor, subscription.authority)


def may_ask(actor: Actor, subscription: Subscription) -> bool:
    """Ask in the authority's name."""
    return may_act_for(actor, subscription.authority)


def may_collect(actor: Actor, subscription: Subscription) -> bool:
    """See a secret: who acts for the authority, and nobody at the region."""
    return may_act_for(actor, subscription.authority)


def may_decide_request(actor: Actor, request: Request) -> bool:
    """An approver, who is not on the side that asked."""
    return may_decide(actor) and not is_on_its_side(actor, request)


def is_on_its_side(actor: Actor, request: Request) -> bool:
    """Whoever asked, took the region's terms, or belongs to the authority: that is no second pair of eyes. Behind a
    program the person counts who answers for it.
    """
    asked = {request.requested_by_id, request.accepted_by_id}
    asked |= {person.accountable_id for person in (request.requested_by, request.accepted_by) if person}
    asked_it = actor.user.pk in asked
    return asked_it or request.subscription.authority_id in actor.user.roles_by_authority


def sees_stack(actor: Actor) -> bool:
    """The region looks behind the curtain: stacks, platforms, orphans."""
    return is_regional(actor)
