"""A region in memory, for tests that are about people and not about Ceph: one platform, three sites.

It answers the engine's four verbs at once and for ever; what a real platform does is told by tests/provisioning.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection

from elaastic.models import Request
from elaastic.services import planning
from provisioning.domain.handler import Sample, Target
from provisioning.domain.observation import Absent, InProgress, Observation, Outcome, Present, Sighting
from provisioning.domain.secrets import Secret
from provisioning.kinds import KINDS
from provisioning.kinds.proxmox import TokenSpec
from provisioning.services import capacity, surroundings, sweep
from provisioning.signals import doorbell

SITES = ("ancona", "macerata", "pesaro")
SITE_GIB = 10_000
ENDPOINT = "http://127.0.0.1:7480"
# What references between OpenStack's and Proxmox's resources ask for.
_OTHERS = (
    *("project", "user", "group", "role", "network", "subnet", "pool", "path", "token_id"),
    *("credential", "security_group", "port", "image", "server", "guest"),
)
WAYS = {"swift": f"{ENDPOINT}/auth/v1.0", "sftp": "sftp://files.example:2022", "webdav": "https://dav.example"}
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHkVVj6mRBt3n/J9NG7ljvpCQXp6QkFXG9bx/6QJv621"
FINGERPRINT = "SHA256:AUHlYpPo+fYB6X4GgSOwGfYlSgscpySSTiaodSERkvs"  # as ssh-keygen says


# What every machine has on its disk.
DISK = b"what it wrote"


class _Handler:
    """Remembers what was made, by full name."""

    def __init__(self) -> None:
        self.made: dict[str, Present] = {}

    def observe(self, target: Target) -> Observation:
        return self.made.get(target.full_name, Absent())

    def create(self, target: Target) -> Outcome:
        outputs = {"uid": f"{target.marker.stack}${target.name}", "bucket": getattr(target.spec, "bucket", "")}
        outputs["tenant"] = target.marker.stack
        outputs |= {name: f"{target.name}-{name}" for name in _OTHERS}
        if "access_key" in target.secrets:
            outputs["access_key"] = target.secrets["access_key"].reveal()
        self.made[target.full_name] = Present(target.full_name, target.spec.declared(), outputs)
        shown = {"secret": Secret("once")} if isinstance(target.spec, TokenSpec) else {}
        return Outcome(external_id=target.full_name, secrets=shown)

    def update(self, target: Target, after: object) -> Outcome:
        return self.create(target)

    def delete(self, target: Target) -> Outcome:
        self.made.pop(target.full_name, None)
        return Outcome()

    def poll(self, target: Target) -> Observation | InProgress:
        return self.observe(target)


class MemoryProvider:
    """One platform."""

    def __init__(self) -> None:
        self.handlers = {kind: _Handler() for kind in KINDS}
        self.pushed: list[str] = []
        self.consoles: dict[str, str] = {}
        self.agents: set[str] = set()

    def probe(self) -> None:
        """It always answers."""

    def marks(self, after: str) -> list[str]:
        return [mark for mark in self.pushed if mark > after]

    def push_mark(self, mark: str) -> None:
        self.pushed.append(mark)

    def census(self) -> Iterator[Sighting]:
        yield from ()

    def capacity(self) -> list[Sample]:
        return []

    def sizes(self) -> list[tuple[str, int, int, int]]:
        return [("small", 2, 2048, 20), ("large", 16, 32768, 200)]

    def console(self, server: str, lines: int) -> str:
        return self.consoles.get(server.rpartition("machine-")[2], "")

    def taken(self, image: str) -> tuple[str, int, str] | None:
        """Of an image of a machine: everything is quick here."""
        return ("qcow2", len(DISK), hashlib.sha512(DISK).hexdigest())

    def content(self, image: str) -> Iterator[bytes]:
        yield DISK

    def stores(self) -> list[tuple[str, frozenset[str], int]]:
        return [("shared", frozenset({"images", "import"}), 1 << 40)]

    @property
    def agent(self) -> "MemoryProvider":
        """It is its own: `agents` names the machines in which one is there."""
        return self

    def answers(self, guest: str) -> bool:
        return guest.rpartition("machine-")[2] in self.agents

    def runs(self, server: str) -> bool:
        return True

    def health(self) -> list[str]:
        return []


def write_region_file(folder: Path, *more: dict[str, Any]) -> Path:
    """The file of this region, with these platforms too; nothing listens at its addresses."""
    secret = folder / "credentials.yaml"
    secret.write_text("access_key: nobody\n")
    content = {
        "installation": "test",
        "sites": [
            {"code": code, "name": code.title(), "lat": 43.0 + n, "lon": 13.0, "seismic_zone": 2}
            for n, code in enumerate(SITES)
        ],
        "platforms": [
            {
                "id": "ceph-test",
                "provider": "ceph",
                "sites": list(SITES),
                "endpoints": {"api": ENDPOINT, "data": ENDPOINT, **WAYS},
                "sftp_host_key": HOST_KEY,
                "region": "marche",
                "credentials_file": str(secret),
                "queue": "ceph",
                "totals_by_site": {code: {"storage_gib": SITE_GIB} for code in SITES},
                "placement_targets": [
                    {"id": "three", "sites": list(SITES), "copies": 3},
                    {"id": "two", "sites": list(SITES[:2]), "copies": 2},
                ],
            },
            *({**one, "credentials_file": str(secret)} for one in more),
        ],
    }
    path = folder / "region.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def machines_platform(provider: str, site: str, **totals: int) -> dict[str, Any]:
    """A platform on which machines start, on one site."""
    return {
        "id": f"{provider}-{site}", "provider": provider, "sites": [site], "endpoints": {"api": ENDPOINT},
        "queue": "ceph", "totals_by_site": {site: totals},
        **({"domain": "test"} if provider == "openstack" else {}),
    }  # fmt: skip


@pytest.fixture
def region(db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> MemoryProvider:
    """The region, open for business. Rings go nowhere: a test says itself when a worker looks."""
    provider = MemoryProvider()
    settings.REGION_FILE = write_region_file(tmp_path)
    monkeypatch.setattr(surroundings, "open_platform", lambda platform: provider)
    monkeypatch.setattr(surroundings, "_opened", {})
    monkeypatch.setattr(doorbell, "deliver", lambda task, id, queue: None)
    monkeypatch.setattr(connection, "_mcloud_test_atomic", True, raising=False)
    capacity.load_totals()
    return provider


def workers_make_plans() -> None:
    """A worker takes every request that waits for its plan."""
    for pk in Request.objects.filter(decision="", plan_due__isnull=False).values_list("pk", flat=True):
        planning.make_plan(pk)


def workers_bring_everything_up() -> None:
    """Workers look at what is due until nothing is, and notice what came to rest."""
    for _look in range(50):
        due = sweep.due_stacks()
        if not due:
            break
        for stack_id in due:
            sweep.reconcile_stack(stack_id)
    planning.settle()
