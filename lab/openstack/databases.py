"""From empty databases to what the services expect in them; the longest part of a first `up`."""

import grp
import os
import pwd
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.openstack import environment
from lab.openstack.mariadb import MariaDB
from lab.openstack.settings import REGION, Settings
from lab.process import run_checked

DATABASES = ("keystone", "placement", "glance", "nova_api", "nova", "nova_cell0", "neutron")

# Nova notes its cells' addresses in a database; as templates they are read from nova.conf at each start, and the
# ports may be others then.
_CELL = "{scheme}://{username}@{hostname}:{port}/{path}?{query}"
_CELL0 = "{scheme}://{username}@{hostname}:{port}/nova_cell0?{query}"
_QUEUE = "{scheme}://{username}:{password}@{hostname}:{port}/"

# Assumption: a loaded machine takes ten times what an idle one does.
_STEP_S = 300


def fill(folder: Path, settings: Settings, mariadb: MariaDB) -> None:
    mariadb.run("".join(f"CREATE DATABASE {name} CHARACTER SET utf8mb3;\n" for name in DATABASES))
    # Each service alone in its order, several services side by side.
    chains: tuple[Callable[[], None], ...] = (
        lambda: _nova(folder / "etc" / "nova" / "nova.conf"),
        lambda: _keystone(folder / "etc" / "keystone" / "keystone.conf", settings),
        lambda: _neutron(folder / "etc" / "neutron" / "neutron.conf"),
        lambda: _others(folder / "etc"),
    )
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(chain) for chain in chains]:
            done.result()


def _run(name: str, conf: Path, *words: str, **variables: str) -> None:
    run_checked(
        [environment.program(name), "--config-file", str(conf), *words],
        timeout_s=_STEP_S,
        env={**environment.variables(), **variables},
    )


def _keystone(conf: Path, settings: Settings) -> None:
    _run("keystone-manage", conf, "db_sync")
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    for keys in ("fernet_setup", "credential_setup"):
        _run("keystone-manage", conf, keys, "--keystone-user", user, "--keystone-group", group)
    url = settings.endpoint("identity")
    urls = [word for kind in ("admin", "public", "internal") for word in (f"--bootstrap-{kind}-url", url)]
    words = ["bootstrap", "--bootstrap-region-id", REGION, *urls]
    _run("keystone-manage", conf, *words, OS_BOOTSTRAP_PASSWORD=settings.passwords.admin)


def _nova(conf: Path) -> None:
    _run("nova-manage", conf, "api_db", "sync")
    _run("nova-manage", conf, "cell_v2", "map_cell0", "--database_connection", _CELL0)
    _run("nova-manage", conf, "db", "sync")
    where = ["--database_connection", _CELL, "--transport-url", _QUEUE]
    _run("nova-manage", conf, "cell_v2", "create_cell", "--name", "cell1", *where)


def _neutron(conf: Path) -> None:
    _run("neutron-db-manage", conf, "upgrade", "heads")


def _others(etc: Path) -> None:
    _run("placement-manage", etc / "placement" / "placement.conf", "db", "sync")
    _run("glance-manage", etc / "glance" / "glance-api.conf", "db_sync")
