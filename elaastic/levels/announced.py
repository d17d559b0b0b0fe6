"""Levels 3 and 4, as the slides announce them. They cannot be asked for yet, and the pages say so."""

from typing import Final

from elaastic.levels.base import Level

LEVEL3: Final = Level(
    number=3,
    name="Advanced",
    summary="Differential replication between a backup appliance in your premises and the region.",
    promises=(
        "Everything in level 2.",
        "An appliance that sends only what changed.",
        "A measured delay, always in view.",
    ),
)
LEVEL4: Final = Level(
    number=4,
    name="Maximum",
    summary="A validated open-source virtualisation and storage stack in your premises, with its services.",
    promises=(
        "Everything in level 3.",
        "Training, migration and configuration.",
        "An acceptance test with a first drill.",
    ),
)
