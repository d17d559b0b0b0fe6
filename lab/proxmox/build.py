"""Putting the two products together, with what is there before anybody calls."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

from lab.proxmox import allowed, identity, tls, works
from lab.proxmox.app import Emulator
from lab.proxmox.clock import Clock
from lab.proxmox.control import Control
from lab.proxmox.kept import Kept
from lab.proxmox.pbs import rights, routes
from lab.proxmox.product import Product
from lab.proxmox.routes import LOCK_TAKERS, ROUTES
from lab.proxmox.schema import PBS_FILE, PVE_FILE, load
from lab.proxmox.state import State
from lab.proxmox.tasks import Tasks
from lab.proxmox.world import World

PBS_SECTIONS = (
    "nodes", "users", "tokens", "acl", "datastores", "namespaces", "snapshots", "remotes", "sync", "prune",
    "verify", "tasks", "neighbours", "secrets",
)  # fmt: skip
# One node a site, as the region has three.
NODES = ("pve1", "pve2", "pve3")
LOCAL = {"type": "dir", "path": "/var/lib/vz", "content": "iso,backup,vztmpl,import", "order": 0}
# A storage that all nodes see, as the region's Ceph is.
SHARED = {
    "type": "dir",
    "path": "/mnt/pve/shared",
    "content": "images,rootdir,backup,import",
    "shared": 1,
    "order": 1,
}


def root_password(folder: Path) -> str:
    """Root's, generated once and kept in `credentials.json` beside the state."""
    file = folder / "credentials.json"
    if not file.exists():
        file.write_text(json.dumps({"user": "root@pam", "password": secrets.token_urlsafe(18)}))
        file.chmod(0o600)
    return str(json.loads(file.read_text())["password"])


def _referred_to(pve: World, pbs: World) -> Iterator[str]:
    """By volumes, by what was uploaded and is on its way to be one, and by backups."""
    waiting = (task["args"] for task in pve.tasks.live())
    inside = (file for one in pbs.state["snapshots"].values() for file in one.get("files", ()))
    yield from (str(one.get("bytes", "")) for one in (*pve.state["volumes"].values(), *waiting, *inside))


def build(folder: Path, port: int, backup_port: int, *, pace: float, inhabited: bool) -> Emulator:
    """Everything from its files, or new."""
    password = root_password(folder)
    clock = Clock(pace)
    state = State(folder / "pve.json")
    pve = World(state, clock, Tasks(state, clock, works.BEGINS, works.FINISHES), inhabited=inhabited)
    kept = State(folder / "pbs.json", PBS_SECTIONS)
    pbs = World(kept, clock, Tasks(kept, clock, {}, routes.FINISHES, numbered=True))
    pve.other = pbs
    pve.kept = pbs.kept = Kept(folder / "disks", lambda: _referred_to(pve, pbs))
    tls.ensure(folder)
    here = {"fingerprint": tls.fingerprint(folder), "answers": 1}

    def furnish() -> None:
        for world in (pve, pbs):
            identity.furnish(world.state, password)
            world.state["neighbours"][f"127.0.0.1:{backup_port}"] = dict(here)
        pbs.state["nodes"].setdefault("pbs", {})
        for node in NODES:
            pve.state["nodes"].setdefault(node, {})
        pve.state["storages"].setdefault("local", dict(LOCAL))
        pve.state["storages"].setdefault("shared", dict(SHARED))

    # Repeated at every start: the ports may be others.
    furnish()
    control = Control({"PVE": pve, "PBS": pbs}, furnish)
    products = {
        port: Product("PVE", pve, load(PVE_FILE), ROUTES, allowed.check, LOCK_TAKERS),
        backup_port: Product("PBS", pbs, load(PBS_FILE), routes.ROUTES, rights.check, gives_more=routes.GIVES_MORE),
    }
    return Emulator(products, control)
