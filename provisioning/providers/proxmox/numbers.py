"""A number for each thing that Proxmox would only give out twice: from our own range, in our own database.

`cluster/nextid` reserves nothing: of four that ask at once one succeeds. Here whoever asks waits for the platform's
row, and the same holder gets the same number again, so that a create can be sent twice.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Max, QuerySet

from provisioning.domain.errors import PermanentError
from provisioning.models import Number, PlatformState


@dataclass(frozen=True)
class Numbers:
    """One series of one platform, from `first` to `last`. `first` is 0 where the region file gives no range."""

    platform: str
    series: str
    first: int
    last: int

    def of(self, holder: str) -> int | None:
        """What `holder` was given, or None."""
        found = self._mine().filter(holder=holder).values_list("number", flat=True).first()
        return found if found is None else int(found)

    def take(self, holder: str) -> int:
        """The number of `holder`; PermanentError NoNumbers when the range is used up or was never given."""
        PlatformState.objects.get_or_create(platform=self.platform)
        with transaction.atomic():
            # Whoever updates the row has it until the transaction ends; everybody else waits here.
            PlatformState.objects.filter(platform=self.platform).update(failures=F("failures"))
            if (has := self.of(holder)) is not None:
                return has
            given = self._mine().filter(number__range=(self.first, self.last))
            number = (given.aggregate(Max("number"))["number__max"] or self.first - 1) + 1
            if not 0 < number <= self.last:
                raise PermanentError(
                    f"The portal has no {self.series} left to give on {self.platform}; the region's operator must "
                    "widen its range in the region file.",
                    reason="NoNumbers",
                )
            Number.objects.create(platform=self.platform, series=self.series, number=number, holder=holder)
        return number

    def give_up(self, holder: str, number: int) -> None:
        """Somebody else has it over there: `holder` gets another one, and nobody this one."""
        self._mine().filter(holder=holder, number=number).update(holder=None)

    def _mine(self) -> "QuerySet[Number]":
        return Number.objects.filter(platform=self.platform, series=self.series)
