"""A pytest plugin: the machine's clock is wrong by MACHINE_CLOCK_AHEAD_S seconds for the whole run.

PostgreSQL's is not. `-p tests.wrong_clock`; the monotonic clock goes on, as on a machine whose time is set.
"""

import os
from datetime import UTC, datetime, timedelta

import pytest
import time_machine


def pytest_configure(config: pytest.Config) -> None:
    ahead = timedelta(seconds=float(os.environ["MACHINE_CLOCK_AHEAD_S"]))
    travel = time_machine.travel(datetime.now(UTC) + ahead, tick=True)
    travel.start()
    config.add_cleanup(travel.stop)
