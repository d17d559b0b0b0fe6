"""Work with a time. Whoever moves `due_at` has it; a worker that dies with it costs one slot, never two effects."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from provisioning.models import TimedWork, clock


def take_due(periods: Mapping[str, int]) -> Iterator[str]:
    """Names of work that is due and that no other worker took, one by one; `periods` are seconds between two slots.

    A missed slot is made up once. Work that was never seen is noted, and due at the next look.
    """
    now = clock.now()
    known = dict(TimedWork.objects.values_list("name", "due_at"))
    for name, seconds in periods.items():
        if name not in known:
            TimedWork.objects.get_or_create(name=name, defaults={"due_at": now})
            continue
        if known[name] > now:
            continue
        slot = TimedWork.objects.filter(name=name, due_at=known[name])
        if slot.update(due_at=now + timedelta(seconds=seconds)):
            yield name
