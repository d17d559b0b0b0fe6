"""The order of a run: files that take a minute begin first, so that no worker is left alone with one at the end.
And what would cost each test the same again and proves nothing there.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import override_settings
from hypothesis import HealthCheck, settings

# A machine that has other work is no reason to fail.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# By what they took in a whole run (`--durations`); the rest keeps its order behind them.
LONG: Final = (
    "test_flow_later.py",
    "test_faults_wire.py",
    "test_faults_kill.py",
    "test_onboarding_script.py",
    "test_level2_offered.py",
    "test_services_crowd.py",
    "test_many_rows.py",
    "test_canary.py",
    "test_parallel_guesses.py",
    "test_flow_database.py",
    "test_flow_protocols.py",
    "test_tenants_postgres.py",
    "test_faults_workers.py",
    "test_faults_restored.py",
    "test_faults_secrets.py",
    "test_signing_in.py",
    "test_unwritable.py",
    "test_acts.py",
    "test_flow_images.py",
    "test_proxmox_struck.py",
    "test_proxmox_machine_engine.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stable: the tests of a file stay together, and files in their order."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(Path(item.path).name, len(LONG)))


@pytest.fixture(autouse=True, scope="session")
def _static_files_wait_until_they_are_asked_for() -> Iterator[None]:
    """Each client of a test is a web process to itself, and a web process lists all static files when it starts:
    a sixth of what the tests of pages took.
    """
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(autouse=True, scope="session")
def _passwords_are_hashed_quickly() -> Iterator[None]:
    """In this process; portals that tests start take the quarter of a second that a password is meant to cost."""
    slow, PBKDF2PasswordHasher.iterations = PBKDF2PasswordHasher.iterations, 1_000
    yield
    PBKDF2PasswordHasher.iterations = slow
