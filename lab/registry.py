"""The systems of the lab. Named by import path, so that `up redis` needs neither Ceph nor the simulator."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from lab.system import DEFAULT_OSD_GIB, LabError, Options, System

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_BASE = ROOT / ".run" / "lab"

SYSTEMS = {
    "ceph": "lab.ceph.cluster:CephCluster",
    "openstack": "lab.openstack.cloud:OpenStack",
    "postgres": "lab.postgres:Postgres",
    "proxmox": "lab.proxmox.system:Proxmox",
    "redis": "lab.redis:Redis",
    "simulated": "lab.simulated.system:Simulated",
}


def load_system(name: str, base: Path, *, fast_day_s: int | None = None, osd_gib: int = DEFAULT_OSD_GIB) -> System:
    """The system called `name`, keeping everything of its own under `base/name`."""
    if name not in SYSTEMS:
        raise LabError(f"There is no system called {name!r}; the lab has {', '.join(SYSTEMS)}.")
    module_name, class_name = SYSTEMS[name].split(":")
    build = cast(Callable[[Options], System], getattr(import_module(module_name), class_name))
    base = base.absolute()
    return build(Options(base=base, folder=base / name, fast_day_s=fast_day_s, osd_gib=osd_gib))
