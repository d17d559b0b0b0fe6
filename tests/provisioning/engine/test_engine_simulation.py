"""T3: whatever dies, sleeps, lies or is clicked, in any of these orders: at the end all is as approved."""

import time

import pytest

from tests.provisioning.engine.database import Store
from tests.provisioning.engine.simulation import run_seed

_CHUNK = 30


@pytest.mark.parametrize("start", range(0, 300, _CHUNK))
def test_every_seed_comes_to_rest_without_a_violation(store: Store, start: int) -> None:
    red = {seed: wrong for seed in range(start, start + _CHUNK) if (wrong := run_seed(seed, store))}
    assert red == {}, "replay one: python -m tests.provisioning.engine.simulation --trace --seed <number>"


def test_a_seed_replays(store: Store) -> None:
    from tests.provisioning.engine.simulation import Simulation, model_world

    ends = []
    for _ in range(2):
        world = Simulation(7, store)
        with model_world(world):
            world.run()
        ends.append((world.now, world.switches, dict(world.audit.sends), [t.id for t in world.cloud.things]))
    assert ends[0] == ends[1]


@pytest.mark.deep
def test_three_hundred_seeds_take_a_minute_at_most(store: Store) -> None:
    began = time.process_time()
    for seed in range(300):
        run_seed(seed, store)
    assert time.process_time() - began <= 60
