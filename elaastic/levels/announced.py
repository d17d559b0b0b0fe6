"""Levels 2 to 4, as the slides announce them. They cannot be asked for yet, and the pages say so."""

from typing import Final

from elaastic.levels.base import Level

LEVEL2: Final = Level(
    number=2,
    name="Intermediate",
    summary="Space for the images of your virtual machines, and resources to start them after a disaster.",
    promises=(
        "Everything in level 1.",
        "A reserve on which your machines start when yours are gone.",
        "Recovery drills that really start them, and measure the time.",
    ),
)
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
