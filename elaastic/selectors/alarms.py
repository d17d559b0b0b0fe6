"""What is open and waits for somebody, over all authorities."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from elaastic.models import Alert, Request, RequestState, Subscription
from elaastic.selectors.subscriptions import requests_in_state
from elaastic.selectors.today import today
from provisioning.selectors.capacity import platforms
from provisioning.selectors.region import region

_WORST_FIRST: Final = ("damaged", "late", "image_late", "drill", "refused", "full")
# As long as the grace: whoever is called now can still renew in time.
ENDS_SOON: Final = timedelta(days=30)


def open_alerts() -> list[Alert]:
    """The worst first, then those that have been open for longest; in one query."""
    rows = Alert.objects.filter(ended_at=None).select_related("subscription__authority")
    return sorted(rows, key=lambda a: (_WORST_FIRST.index(a.kind), a.began_at))


@dataclass(frozen=True)
class Waiting:
    """What waits for the region: the oldest requests and the nearest ends first; `sites_down` are names."""

    requests: list[Request]
    alerts: list[Alert]
    ending: list[Subscription]
    sites_down: list[str]


def waiting_for_the_region() -> Waiting:
    """In five queries, however much waits."""
    asked = Request.objects.select_related("subscription__authority")
    standing = Subscription.objects.filter(
        activated_at__isnull=False, leave_requested_at=None, ended_at=None, closed_at=None
    )
    ending = standing.filter(agreed_until__lte=today() + ENDS_SOON).select_related("authority")
    names = {site.code: site.name for site in region().sites}
    return Waiting(
        list(requests_in_state(asked, RequestState.AWAITING_DECISION).order_by("created_at")),
        open_alerts(),
        list(ending.order_by("agreed_until", "pk")),
        sorted({names.get(code, code) for one in platforms() for code in one.sites_down}),
    )
