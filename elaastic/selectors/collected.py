"""Who collected which secret, and when: from the trail, which is written in the same transaction."""

from dataclasses import dataclass
from datetime import datetime

from elaastic.models import Subscription
from tenants.models import AuditEvent


@dataclass(frozen=True)
class Collected:
    """`by`: the person's name, or the address that signs in."""

    at: datetime
    by: str


def collected(subscription: Subscription) -> dict[str, Collected]:
    """The last time each credential's secret was shown, by credential; one query."""
    shown = AuditEvent.objects.filter(
        authority=subscription.authority_id,
        action="credential.revealed",
        subject_type="subscription",
        subject_id=str(subscription.public_id),
    )
    rows = shown.order_by("id").values_list("after", "at", "actor__full_name", "actor__email")
    return {after["credential"]: Collected(at, name or email) for after, at, name, email in rows if after}
