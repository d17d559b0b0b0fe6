"""Capacity: rows that are never oversold, and where a new archive fits.

Rows are always taken in the order of their keys, so that two approvals cannot wait for each other.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from provisioning.domain.errors import CapacityExhausted
from provisioning.domain.manifest import Need
from provisioning.models import CapacityRow, Reservation, Stack
from provisioning.selectors.region import region


def load_totals() -> None:
    """Bring the rows to the region file's figures. A total never falls below what is promised: that is reported
    by the row staying higher than the file.
    """
    known = {(row.platform, row.site, row.resource): row.total for row in CapacityRow.objects.all()}
    for platform in region().platforms:
        for site, totals in platform.totals_by_site.items():
            for resource, total in totals.items():
                if known.get((platform.id, site, resource)) != total:
                    _load(platform.id, site, resource, total)


def _load(platform: str, site: str, resource: str, total: int) -> None:
    key = {"platform": platform, "site": site, "resource": resource}
    with transaction.atomic():
        CapacityRow.objects.get_or_create(**key, defaults={"total": total})
        CapacityRow.objects.filter(**key, used__lte=total).update(total=total)


def reserve(stack: Stack, needs: Iterable[Need]) -> None:
    """Raise what the stack holds to `needs`, inside the approval's transaction.

    max(old, new) is held until the smaller shape was seen (`release_surplus`). CapacityExhausted names the site.
    """
    wanted = _by_key(needs)
    held = {(r.row.platform, r.row.site, r.row.resource): r for r in stack.reservations.select_related("row")}
    for key in sorted(wanted):
        more = wanted[key] - (held[key].amount if key in held else 0)
        if more <= 0:
            continue
        platform, site, resource = key
        row = CapacityRow.objects.filter(platform=platform, site=site, resource=resource)
        if not row.filter(used__lte=F("total") - more).update(used=F("used") + more):
            raise CapacityExhausted(_exhausted(row.first(), site, resource, more))
        if key in held:
            Reservation.objects.filter(pk=held[key].pk).update(amount=F("amount") + more)
            continue
        Reservation.objects.create(stack=stack, row=row.get(), amount=more)


def release_surplus(stack: Stack, needs: Iterable[Need]) -> None:
    """Give back what is no longer needed, once the smaller shape was observed.

    `stack` and `needs` were read before: when an approval came in between, nothing is given back.
    """
    wanted = _by_key(needs)
    with transaction.atomic():
        same = Stack.objects.filter(pk=stack.pk, generation=stack.generation, state=stack.state)
        if not same.update(generation=stack.generation):  # writing takes the row's lock, as approval does
            return
        for held in stack.reservations.select_related("row").order_by("row_id"):
            keep = wanted.get((held.row.platform, held.row.site, held.row.resource), 0)
            if (less := held.amount - keep) <= 0:
                continue
            mine = Reservation.objects.filter(pk=held.pk, amount=held.amount)
            done = mine.update(amount=keep) if keep else mine.delete()[0]
            if done:
                CapacityRow.objects.filter(pk=held.row_id).update(used=F("used") - less)


def _by_key(needs: Iterable[Need]) -> dict[tuple[str, str, str], int]:
    sums: dict[tuple[str, str, str], int] = {}
    for need in needs:
        key = (need.platform, need.site, need.resource)
        sums[key] = sums.get(key, 0) + need.amount
    return sums


def _exhausted(row: CapacityRow | None, site: str, resource: str, more: int) -> str:
    if row is None:
        return f"The region offers no {resource} at site {site}."
    return f"Site {site} has {row.total - row.used} {resource} left; {more} more are asked for."
