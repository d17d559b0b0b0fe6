"""A portal on real PostgreSQL, for a measurement: a fresh database on the standing lab's region."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from lab.openstack.beside import Beside
from lab.openstack.cloud import OpenStack
from lab.registry import DEFAULT_BASE, load_system
from lab.system import State

ANCONA: Final = (43.6, 13.5)
_MACHINE: Final = {"nature": "stateless", "vcpus": 1, "ram_mib": 256, "disk_gib": 1, "expected_interval_hours": 24}
MACHINES: Final = [{"name": "web", **_MACHINE}, {"name": "mail", **_MACHINE}]


@contextlib.contextmanager
def portal_on_postgres(*systems: str) -> Iterator[None]:
    """Django set up on a new database of the lab's PostgreSQL; what was not running is ended again."""
    started = []
    for name in ("postgres", *systems):
        system = load_system(name, DEFAULT_BASE)
        if system.status().state is not State.HEALTHY:
            system.up()
            started.append(system)
    url = load_system("postgres", DEFAULT_BASE).status().url
    name = f"bench_{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory() as folder:
        _create_database(url, name)
        own = _region_file(systems, Path(folder))
        beside = Beside(Path(folder), cast(OpenStack, load_system("openstack", DEFAULT_BASE)))
        if "openstack" in systems:
            beside.announce(own)
        os.environ.update(
            DJANGO_SETTINGS_MODULE="mcloud_portal.settings",
            MCLOUD_DATA_DIR=folder,
            MCLOUD_DATABASE_URL=urlsplit(url)._replace(path=f"/{name}").geturl(),
            MCLOUD_REGION_FILE=str(own),
        )
        try:
            _set_up()
            yield
        finally:
            _close()
            beside.forget()
            _create_database(url, name, drop=True)
            for system in started:
                system.down(keep=True)


def _region_file(systems: tuple[str, ...], folder: Path) -> Path:
    """The lab's region under platform ids of this run's own, so that no other database's marks are met."""
    text = (DEFAULT_BASE / ("region.yaml" if "ceph" in systems else "simulated/region.yaml")).read_text()
    own = folder / "region.yaml"
    for provider in ("ceph", "openstack"):
        text = text.replace(f"id: {provider}-marche", f"id: {provider}-{secrets.token_hex(3)}")
    own.write_text(text)
    return own


def _create_database(url: str, name: str, *, drop: bool = False) -> None:
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"{'DROP' if drop else 'CREATE'} DATABASE {name}")
    connection.close()


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("load_capacity")
    from provisioning.signals import doorbell

    doorbell.deliver = lambda task, id, queue: None  # this process does the work itself


def _close() -> None:
    from django.db import connections

    connections.close_all()


def approved_stack(serial: int, level: int = 1) -> str:
    """A stack of that level, approved and not yet touched; its key."""
    from provisioning.services import stacks

    key, plan_id, digest = proposed_stack(serial, level)
    stacks.approve_plan(plan_id, digest)
    return key


def proposed_stack(serial: int, level: int = 1) -> tuple[str, int, str]:
    """A stack of that level with its plan: key, plan id, digest."""
    from elaastic.levels import LEVELS
    from elaastic.selectors.placing import choose_placement
    from provisioning.selectors.stacks import plan
    from provisioning.services import stacks

    key = f"b{serial:03d}{secrets.token_hex(3)}"
    wanted = LEVELS[level]
    assert wanted.blueprint is not None
    terms = {**wanted.defaults, "quota_gib": 1} | ({"machines": MACHINES} if level == 2 else {})
    placement = choose_placement(wanted, terms, ANCONA)
    assert placement is not None
    stacks.create_stack(key)
    plan_id = stacks.propose_plan(key, wanted.blueprint(terms, placement), placement)
    made = plan(plan_id)
    assert made is not None
    return key, plan_id, made.digest
