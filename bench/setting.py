"""A portal on real PostgreSQL, for a measurement: a fresh database on the standing lab's region."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from lab.registry import DEFAULT_BASE, load_system
from lab.system import State


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
        os.environ.update(
            DJANGO_SETTINGS_MODULE="mcloud_portal.settings",
            MCLOUD_DATA_DIR=folder,
            MCLOUD_DATABASE_URL=urlsplit(url)._replace(path=f"/{name}").geturl(),
            MCLOUD_REGION_FILE=str(_region_file(systems, Path(folder))),
        )
        try:
            _set_up()
            yield
        finally:
            _close()
            _create_database(url, name, drop=True)
            for system in started:
                system.down(keep=True)


def _region_file(systems: tuple[str, ...], folder: Path) -> Path:
    """The lab's region under platform ids of this run's own, so that no other database's marks are met."""
    text = (DEFAULT_BASE / ("region.yaml" if "ceph" in systems else "simulated/region.yaml")).read_text()
    own = folder / "region.yaml"
    for system in ("ceph", "openstack"):
        text = text.replace(f"id: {system}-marche", f"id: {system}-{secrets.token_hex(3)}")
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


def approved_stack(serial: int) -> str:
    """A stack of level 1, approved and not yet touched; its key."""
    from provisioning.services import stacks

    key, plan_id, digest = proposed_stack(serial)
    stacks.approve_plan(plan_id, digest)
    return key


def proposed_stack(serial: int) -> tuple[str, int, str]:
    """A stack of level 1 with its plan: key, plan id, digest."""
    from elaastic.levels import LEVELS
    from provisioning.selectors.capacity import choose_storage
    from provisioning.selectors.stacks import plan
    from provisioning.services import stacks

    key = f"b{serial:03d}{secrets.token_hex(3)}"
    level = LEVELS[1]
    assert level.blueprint is not None
    terms = {**level.defaults, "quota_gib": 1}
    placement = choose_storage(3, 1)
    assert placement is not None
    stacks.create_stack(key)
    plan_id = stacks.propose_plan(key, level.blueprint(terms, placement), placement)
    made = plan(plan_id)
    assert made is not None
    return key, plan_id, made.digest
