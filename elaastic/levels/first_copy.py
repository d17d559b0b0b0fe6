"""How long the first copy takes on the town's line. Every later one sends only what changed. Pure."""

from typing import Final

# What of a line's nominal speed a long upload really gets, with its protocols and its neighbours.
SHARE_OF_LINE: Final = 0.8
# From eight in the evening to six in the morning, when nobody at the town hall needs the line.
NIGHT_S: Final = 10 * 3600
_GIB_BITS: Final = 2**30 * 8


def duration_s(data_gib: int, uplink_mbit: int) -> int:
    """Seconds for so many GiB (2^30 bytes) on a line that sends so many megabits (10^6) a second."""
    return -(-data_gib * _GIB_BITS // int(uplink_mbit * 1_000_000 * SHARE_OF_LINE))


def nights(seconds: int) -> int:
    """Nights that it fills when it runs at night alone; one at least."""
    return max(1, -(-seconds // NIGHT_S))
