"""A whole portal of real processes on real systems: web and workers on PostgreSQL, Redis and Ceph.

    with live_portal(ceph_lab, stage, tmp_path) as portal:   # `stage`: the session's PostgreSQL, migrated once
        portal.start_worker("a")
        subscription = portal.subscribe(town, terms)

The test's own process joins in as one more process of that portal (`joined`): the same database, vault,
region file and broker, so that it arranges through the same services as the pages do. Each portal has an
installation, a platform id and a gateway user of its own, hence a cluster can be shared with others.
"""

import os
import secrets
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml
from celery import Celery
from django.db import connections
from django.test import override_settings

from lab import ports
from lab.ceph import rgw
from lab.ceph.cluster import CephCluster
from lab.deadline import wait_until
from lab.postgres import Postgres
from lab.process import Daemons, Identity, children, run_checked
from lab.redis import Redis
from lab.registry import ROOT, load_system

BIN = Path(sys.executable).parent
TEMPLATE = "mcloud_template"
# A worker imports Django, Celery and the tasks: 3 s on an idle core, and the cores are rarely idle here.
READY_S = 60
# One OSD of the lab is a sparse file: what is promised on it is never really used.
SITE_GIB = 100_000


@dataclass
class Stage:
    """A PostgreSQL of our own, which tests may stop, with a migrated database to copy from."""

    postgres: Postgres
    folder: Path

    @property
    def server(self) -> str:
        return self.postgres.url.rpartition("/")[0]

    def prepare(self) -> None:
        """Migrate once, with the people of the demo in it."""
        self.postgres.up()
        self.sql(f"CREATE DATABASE {TEMPLATE}")
        env = clean_environment() | {
            "MCLOUD_DATABASE_URL": f"{self.server}/{TEMPLATE}",
            "MCLOUD_DATA_DIR": str(self.folder / "template"),
            "MCLOUD_DEMO": "true",
        }
        for verb in ("migrate", "seed_demo"):
            manage(env, verb, "--verbosity", "0")

    def copy(self) -> str:
        """The URL of a fresh copy."""
        name = f"portal_{secrets.token_hex(4)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return f"{self.server}/{name}"

    def sql(self, statement: str) -> None:
        run_checked(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, self.postgres.url])


def make_stage(folder: Path) -> Stage:
    """Made, not yet prepared."""
    return Stage(cast(Postgres, load_system("postgres", folder)), folder)


def clean_environment() -> dict[str, str]:
    """Without what this machine or another portal would whisper to the processes."""
    told = ("MCLOUD_", "AWS_", "RESTIC_", "RCLONE_", "PYTEST_", "DJANGO_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(told)}
    return kept | {"DJANGO_SETTINGS_MODULE": "mcloud_portal.settings"}


def manage(env: Mapping[str, str], *words: str) -> str:
    """manage.py to its end; LabError-like loudness when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=dict(env), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"manage.py {words[0]} ended with {done.returncode}:\n{done.stderr[-3000:]}"
    return done.stdout


@dataclass
class LivePortal:
    """One portal. Processes are started by name and ended by pid; what it made on the cluster goes with it."""

    folder: Path
    ceph: CephCluster
    stage: Stage
    installation: str = field(default_factory=lambda: f"t{secrets.token_hex(3)}")
    port: int = field(default_factory=lambda: ports.free_block(1))
    database_url: str = ""

    def __post_init__(self) -> None:
        self.daemons = Daemons(self.folder)
        self.redis = cast(Redis, load_system("redis", self.folder))
        self.platform = f"ceph-{self.installation}"
        self.region_file = self.folder / "region.yaml"

    def up(self) -> None:
        """Database, broker and region; no worker and no web yet."""
        (self.folder / "data").mkdir(parents=True)
        self.database_url = self.stage.copy()
        self.redis.up()
        self._write_region()
        manage(self.environment, "load_capacity")

    def _write_region(self) -> None:
        """The cluster's region file, with an installation, a platform and a gateway user of our own.

        The user has the least caps and one bucket, like the lab's own: they are part of what is proven. It is
        in an RGW tenant of its own, since the bucket of the marks has the same name in every installation.
        """
        document = yaml.safe_load(self.ceph.region_file.read_text())
        (platform,) = document["platforms"]
        theirs = yaml.safe_load(Path(platform["credentials_file"]).read_text())
        keys = rgw.create_user(self.ceph.conf, self._gateway_user, rgw.PORTAL_CAPS, max_buckets=1)
        credentials = self.folder / "ceph-credentials.yaml"
        credentials.touch(mode=0o600)
        credentials.write_text(yaml.safe_dump(theirs | asdict(keys)))
        totals = {site: {"storage_gib": SITE_GIB} for site in platform["sites"]}
        platform |= {"id": self.platform, "credentials_file": str(credentials), "totals_by_site": totals}
        document["installation"] = self.installation
        self.region_file.write_text(yaml.safe_dump(document, sort_keys=False))

    @property
    def _gateway_user(self) -> str:
        return f"{self.installation}$portal"

    @property
    def environment(self) -> dict[str, str]:
        """What each of its processes runs with."""
        return clean_environment() | {
            "MCLOUD_DATABASE_URL": self.database_url,
            "MCLOUD_BROKER_URL": self.redis.url,
            "MCLOUD_DATA_DIR": str(self.folder / "data"),
            "MCLOUD_REGION_FILE": str(self.region_file),
            "MCLOUD_BASE_URL": self.url,
            "MCLOUD_DEMO": "true",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # -- processes ---------------------------------------------------------------------------------------------

    def start_worker(self, name: str, *, concurrency: int = 1, wait: bool = True) -> Identity:
        """A Celery worker on both queues, as `make up` starts it."""
        running = self.daemons.get(f"worker-{name}")
        if running and running.alive():
            return running
        before = self._ready_lines(name)
        command = [str(BIN / "celery"), "-A", "mcloud_portal", "worker", "-Q", "portal,ceph", "-n", f"{name}@lab"]
        options = ["--pool", "prefork", "--concurrency", str(concurrency), "--loglevel", "INFO"]
        quiet = ["--without-gossip", "--without-mingle"]
        identity = self.daemons.spawn(
            f"worker-{name}", [*command, *options, *quiet], cwd=ROOT, env=self.environment
        )
        if wait:
            wait_until(f"worker {name} ready", lambda: self._ready_or_died(name, before), timeout_s=READY_S)
        return identity

    def _ready_lines(self, name: str) -> int:
        log = self.daemons.log(f"worker-{name}")
        return log.read_text(errors="replace").count(" ready.") if log.exists() else 0

    def _ready_or_died(self, name: str, before: int) -> bool:
        self.daemons.check([f"worker-{name}"])
        return self._ready_lines(name) > before

    def ring(self, task: str, id: int, queue: str) -> str:
        """One message to the workers, as the doorbell sends it; its id. Raises when the broker does not take it."""
        with Celery("tests", broker=self.redis.url, set_as_current=False) as bell:
            bell.conf.update(broker_connection_timeout=1, broker_transport_options={"socket_connect_timeout": 1})
            sent = bell.send_task(task, args=[id], queue=queue, retry=False, ignore_result=True)
            return str(sent.id)

    def received(self, worker: str, message: str) -> bool:
        """Whether this worker has taken the message from the broker, by its own log."""
        return f"[{message}] received" in self.daemons.log(f"worker-{worker}").read_text(errors="replace")

    def start_web(self, name: str = "web", port: int | None = None, **env: str) -> str:
        """gunicorn as `make up` starts it; its address, when it answers. `env` differs from the portal's."""
        port = port or self.port
        options = ["--config", "python:mcloud_portal.serving", "--workers", "1"]
        command = [str(BIN / "gunicorn"), "mcloud_portal.wsgi:application", "--bind", f"127.0.0.1:{port}"]
        self.daemons.spawn(name, [*command, *options], cwd=ROOT, env=self.environment | env)
        url = f"http://127.0.0.1:{port}"
        wait_until(f"the {name} answering", lambda: self._web_answers(name, url), timeout_s=READY_S)
        return url

    def _web_answers(self, name: str, url: str) -> bool:
        self.daemons.check([name])
        with suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def kill(self, name: str) -> None:
        """kill -9 of a process and all of its children at once, as the kernel's memory killer does at worst."""
        for one in self.family(name):
            one.send(signal.SIGKILL)
        wait_until(f"the end of {name}", lambda: not any(p.alive() for p in self.family(name)), timeout_s=10)

    def family(self, name: str) -> list[Identity]:
        head = self.daemons.get(name)
        return [head, *children(head.pid)] if head else []

    def down(self) -> None:
        """End what was started and remove what was made on the cluster."""
        for name in self.daemons.alive():
            self.kill(name)
        with suppress(Exception):
            self.redis.down(keep=False)
        self._purge_cluster()

    # -- the cluster -------------------------------------------------------------------------------------------

    def users_on_cluster(self) -> list[str]:
        """uids of this installation's identities, as the gateway has them (not as the rows say)."""
        found = self._administrator().get_metadata(metadata_type="user", max_entries=10_000)
        return sorted(uid for uid in found["keys"] if uid.startswith(f"{self.installation}_"))

    def buckets_on_cluster(self) -> list[str]:
        """`tenant/bucket` of this installation's archives."""
        names: list[str] = self._administrator().get_metadata(metadata_type="bucket")
        return sorted(name for name in names if name.startswith(f"{self.installation}_"))

    def keys_on_cluster(self, uid: str) -> list[str]:
        """Access keys of one identity."""
        return sorted(key["access_key"] for key in self._administrator().get_user(uid=uid)["keys"])

    def _administrator(self) -> Any:
        from rgwadmin import RGWAdmin

        keys = self.ceph.keys(rgw.ADMIN_USER)
        server = self.ceph.url.removeprefix("http://")
        return RGWAdmin(keys.access_key, keys.secret_key, server, secure=False, timeout=60)

    def _purge_cluster(self) -> None:
        """As the lab's administrator, who has more power than any portal; even locked objects go."""
        administrator = self._administrator()
        owners_last = sorted(self.users_on_cluster(), key=lambda uid: uid.endswith("$owner"))
        for uid in [*owners_last, self._gateway_user]:
            with suppress(Exception):
                administrator.remove_user(uid=uid, purge_data=True)


@contextmanager
def live_portal(ceph: CephCluster, stage: Stage, folder: Path) -> Iterator[LivePortal]:
    """A portal from nothing to nothing."""
    portal = LivePortal(folder, ceph, stage)
    try:
        portal.up()
        with joined(portal):
            yield portal
    finally:
        portal.down()


@contextmanager
def joined(portal: LivePortal) -> Iterator[None]:
    """This process as one more of the portal's: its rows, its vault, its region, its broker."""
    from mcloud_portal.env import database
    from provisioning.signals import doorbell

    def ring(task: str, id: int, queue: str | None) -> None:
        with suppress(Exception):  # a bell that nobody hears costs a second: the sweep looks by itself
            portal.ring(task, id, queue or "portal")

    former_settings, former_deliver = connections.databases["default"], doorbell.deliver
    # Kept as an object: another test's SQLite in memory lives exactly as long as its connection.
    former = connections["default"]
    files = {"REGION_FILE": portal.region_file, "VAULT_KEYS_FILE": portal.folder / "data" / "vault.keys"}
    with override_settings(**files):
        connections.databases["default"] = former_settings | database(portal.database_url, portal.folder)
        connections["default"] = connections.create_connection("default")
        doorbell.deliver = ring
        try:
            yield
        finally:
            doorbell.deliver = former_deliver
            connections["default"].close()
            connections.databases["default"] = former_settings
            connections["default"] = former
