"""What a view says about itself: for each method, which scopes a token needs and who may call.

Whose object it is does not stand here: every view takes its object from a selector that knows only the
caller's own, so that somebody else's is 404 like an absent one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenants.models import Actor


def anyone_signed_in(actor: Actor) -> bool:
    """No role is needed; the selector decides what there is to see."""
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """One method of one view. `anonymous` lets everybody in and needs no scope."""

    who: Callable[[Actor], bool] = anyone_signed_in
    scopes: tuple[str, ...] = ()
    anonymous: bool = False


Policy = Mapping[str, Rule]

PUBLIC = Rule(anonymous=True)
