"""How full a subscription is, and what that means for the next copy: from the newest samples, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from elaastic.models import Subscription
from provisioning.selectors.metering import ArchiveUse, archive_uses_of

GIB: Final = 2**30
# A week's copies of most towns are below a tenth of what they asked for: from here on it is worth a word.
NEARLY_FULL: Final = 0.9


@dataclass(frozen=True)
class Usage:
    """Bytes, earlier versions included, as the quota counts them. `at` None: nobody has looked yet."""

    held_bytes: int
    quota_bytes: int
    retention_days: int
    at: datetime | None

    @property
    def share(self) -> float:
        """Of the quota, 0 to 1 and, while an enforced figure lags, a little above."""
        return self.held_bytes / self.quota_bytes if self.quota_bytes else 0.0

    @property
    def nearly_full(self) -> bool:
        """The next copy may be refused."""
        return self.at is not None and self.share >= NEARLY_FULL

    @property
    def sentence(self) -> str:
        """Usage against quota and, when it is nearly full, what happens and whose move it is."""
        if self.at is None:
            return _("How much space is used will be known within a few minutes.")
        said = {
            "used": f"{self.held_bytes / GIB:.1f}",
            "quota": f"{self.quota_bytes / GIB:.0f}",
            "days": self.retention_days,
        }
        used = _("%(used)s of %(quota)s GiB are used, earlier versions included.") % said
        if not self.nearly_full:
            return used
        refused = _(
            "A copy that no longer fits is refused with the error QuotaExceeded. Ask for more space, or wait "
            "until earlier versions end after %(days)s days; what is stored stays readable."
        )
        return f"{used} {refused % said}"


def usage_of(subscription: Subscription) -> Usage:
    """From rows alone."""
    return usages_of([subscription])[subscription.pk]


def usages_of(rows: Iterable[Subscription]) -> dict[int, Usage]:
    """The same for several, by row id, in one query."""
    asked = list(rows)
    uses = archive_uses_of(s.stack_key for s in asked)
    return {s.pk: _usage(s, uses[s.stack_key]) for s in asked}


def _usage(subscription: Subscription, looks: list[ArchiveUse]) -> Usage:
    return Usage(
        held_bytes=sum(look.held_bytes for look in looks),
        quota_bytes=int(subscription.terms.get("quota_gib", 0)) * GIB,
        retention_days=int(subscription.terms.get("retention_days", 0)),
        at=min((look.at for look in looks), default=None),
    )
