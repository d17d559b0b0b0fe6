"""The catalogue: read it from top to bottom. A new level is one file and one line here."""

from typing import Final

from elaastic.levels.announced import LEVEL2, LEVEL3, LEVEL4
from elaastic.levels.base import Level, Mode, key_name
from elaastic.levels.level1 import LEVEL1

LEVELS: Final[dict[int, Level]] = {1: LEVEL1, 2: LEVEL2, 3: LEVEL3, 4: LEVEL4}

__all__ = ["LEVELS", "Level", "Mode", "key_name"]
