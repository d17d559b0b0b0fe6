"""The region's platforms: does each answer, how are its sites, and what does it mean that one of them is down."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Count
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy, ngettext

from elaastic.models import Subscription
from elaastic.views.person import actor_of, regional
from elaastic.views.words import amount
from provisioning.domain.manifest import Placement
from provisioning.domain.region import PlacementTarget
from provisioning.selectors.capacity import PlatformView, platforms
from provisioning.selectors.region import region
from provisioning.services.clock import now
from tenants.permissions import may_operate

# Platforms are asked every half minute: figures older than this are told as old.
OLD_AFTER: Final = timedelta(minutes=5)
# By the copies that are left; two of them may still be lost one after the other.
_SENTENCES: Final = (
    gettext_lazy("%(sites)s: no copy is within reach. Nothing can be read or written until a site is back."),
    gettext_lazy(
        "%(sites)s: one copy of %(copies)s is within reach. Depending on the pool, writing waits until a site is "
        "back; if the last site is lost too, nothing can be read."
    ),
    gettext_lazy(
        "%(sites)s: %(left)s copies of %(copies)s are within reach. Backups and restores go on; what is written "
        "now is copied to the missing site when it is back."
    ),
)


@dataclass(frozen=True)
class Loss:
    """What the sites that are down mean for the subscriptions of one placement."""

    sites: str
    copies: int
    left: int
    count: int

    @property
    def sentence(self) -> str:
        """Readable, writable, and how far from a loss."""
        said = {"sites": self.sites, "left": self.left, "copies": self.copies}
        return _SENTENCES[min(self.left, 2)] % said

    @property
    def whom(self) -> str:
        """How many it is about."""
        return ngettext("%(count)s subscription", "%(count)s subscriptions", self.count) % {"count": self.count}


@regional
def platform_page(request: HttpRequest) -> HttpResponseBase:
    """From rows alone: workers ask the platforms."""
    names = {site.code: site.name for site in region().sites}
    held = _by_placement()
    context = {
        "platforms": [_shown(one, names, held) for one in platforms()],
        "operates": may_operate(actor_of(request)),
    }
    return render(request, "elaastic/platforms.html", context)


def _by_placement() -> dict[tuple[str, str], int]:
    """How many subscriptions have archives at each (platform, target), in one query: few placements, many towns."""
    standing = Subscription.objects.filter(activated_at__isnull=False, ended_at=None, closed_at=None)
    found: dict[tuple[str, str], int] = {}
    for stored, count in standing.values_list("placement").annotate(count=Count("pk")).order_by():
        placement = Placement.parse(stored)
        for target in placement.every_target:
            key = (placement.platforms.get("ceph", ""), target.id)
            found[key] = found.get(key, 0) + count
    return found


def _shown(one: PlatformView, names: dict[str, str], held: dict[tuple[str, str], int]) -> dict[str, Any]:
    return {
        "platform": one,
        "old": one.sampled_at is not None and now() - one.sampled_at > OLD_AFTER,
        "sites": [
            {"name": names.get(code, code), "down": code in one.sites_down, "figures": _figures(one, code)}
            for code in one.sites
        ],
        "down": ", ".join(names.get(code, code) for code in one.sites_down),
        "losses": [_loss(one, t, names, held) for t in one.targets if set(t.sites) & set(one.sites_down)],
    }


def _figures(one: PlatformView, site: str) -> list[str]:
    """Used and total of each of the site's resources, with its unit."""
    found = sorted((f for f in one.figures if f["site"] == site), key=lambda f: str(f["resource"]))
    return [f"{amount(f['resource'], f['used'])} / {amount(f['resource'], f['total'])}" for f in found]


def _loss(
    one: PlatformView, target: PlacementTarget, names: dict[str, str], held: dict[tuple[str, str], int]
) -> Loss:
    left = target.copies - len(set(target.sites) & set(one.sites_down))
    where = ", ".join(names.get(code, code) for code in target.sites)
    return Loss(where, target.copies, max(0, left), held.get((one.id, target.id), 0))
