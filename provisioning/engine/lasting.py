"""A call that lasts longer than a lease: whoever makes it keeps the stack, and stops when it is another's."""

from provisioning.domain.errors import TemporaryError
from provisioning.engine import claims
from provisioning.engine.claims import Claim


def hold(claim: Claim) -> None:
    """While bytes pass: renews a claim that ages. TemporaryError when it was lost."""
    if claim.ages() and not claims.renew(claim):
        raise TemporaryError("Another worker looks after this stack by now; what was being sent was broken off.")
