"""Is the database the newest thing there is?

Each platform holds marks that the portal pushed, in order. One that the database does not know means that
the database was restored from an older day: every write waits until an operator has read the report.
"""

import secrets
from typing import Final

from provisioning.domain.handler import Provider
from provisioning.models import Mark, PlatformState, clock

_DIGITS: Final = 12  # enough for one mark a second for thirty thousand years


def advance(platform: str) -> Mark:
    """The next mark, in the database first. Two workers may make one each; both are known."""
    last = Mark.objects.filter(platform=platform).order_by("-text").values_list("text", flat=True).first()
    number = int(last.rpartition("/")[2].split("-")[0]) + 1 if last else 1
    text = f"{platform}/{number:0{_DIGITS}d}-{secrets.token_hex(6)}"
    return Mark.objects.create(platform=platform, text=text, made_at=clock.now())


def held(platform: str) -> bool:
    """An operator must accept the report first."""
    return PlatformState.objects.filter(platform=platform, held_at__isnull=False).exists()


def may_write(platform: str, provider: Provider) -> bool:
    """Compare, then push what is not there yet. One listing and at most one small write."""
    if held(platform):
        return False
    pushed = Mark.objects.filter(platform=platform, pushed_at__isnull=False)
    last = pushed.order_by("-text").values_list("text", flat=True).first() or ""
    there = provider.marks(_before(last))
    known = set(Mark.objects.filter(text__in=there).values_list("text", flat=True))
    if unknown := [text for text in there if text not in known]:
        _hold(platform, unknown)
        return False
    for mark in Mark.objects.filter(platform=platform, pushed_at__isnull=True).order_by("text"):
        provider.push_mark(mark.text)
        Mark.objects.filter(pk=mark.pk).update(pushed_at=clock.now())
    return True


def accept(platform: str, provider: Provider) -> None:
    """An operator has read the report: what the platform holds is known from now on, and writing goes on."""
    now = clock.now()
    for text in provider.marks(""):
        Mark.objects.get_or_create(text=text, defaults={"platform": platform, "made_at": now, "pushed_at": now})
    advance(platform)
    PlatformState.objects.filter(platform=platform).update(held_at=None, accepted_at=None, report={})


def _before(text: str) -> str:
    """Sorts just before every mark of the same number, so that a rival mark of that number is listed too."""
    return text.rpartition("-")[0]


def _hold(platform: str, unknown: list[str]) -> None:
    PlatformState.objects.get_or_create(platform=platform)
    PlatformState.objects.filter(platform=platform, held_at__isnull=True).update(
        held_at=clock.now(), report={"unknown_marks": unknown[:100], "count": len(unknown)}
    )
