"""The simulated region on the harness's clock: what takes OpenStack a moment takes it no time of the machine's."""

import os
import sys
import time
from pathlib import Path

from lab.simulated.__main__ import main
from lab.simulated.openstack import things
from tests.faults.offset import Offset


def serve() -> int:
    """As `python -m lab.simulated`."""
    offset = Offset(Path(os.environ["FAULTS_CLOCK"]))
    things.clock = lambda: time.time() + offset.seconds
    return main()


if __name__ == "__main__":
    sys.exit(serve())
