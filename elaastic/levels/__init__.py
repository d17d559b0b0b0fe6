"""The catalogue: read it from top to bottom. A new level is one file and one line here."""

from typing import Final

from elaastic.levels.announced import LEVEL3, LEVEL4
from elaastic.levels.base import AS_USUAL, Level, Mode, key_name
from elaastic.levels.level1 import LEVEL1
from elaastic.levels.level2 import LEVEL2

LEVELS: Final[dict[int, Level]] = {1: LEVEL1, 2: LEVEL2, 3: LEVEL3, 4: LEVEL4}

__all__ = ["AS_USUAL", "LEVELS", "Level", "Mode", "key_name"]
