"""Backup jobs of the cluster: what is kept, and who is in none. The emulator's own time starts none of them."""

import datetime
import secrets

from lab.proxmox import pruning
from lab.proxmox.errors import died
from lab.proxmox.state import Data
from lab.proxmox.world import Call

DAY_S = 86_400


def list_jobs(call: Call) -> list[Data]:
    return [_shown(call, id) for id in call.state["jobs"]]


def get_job(call: Call) -> Data:
    _job(call)
    return _shown(call, call.text("id"))


def create_job(call: Call) -> None:
    id = call.text("id") or f"backup-{secrets.token_hex(4)}-{secrets.token_hex(2)}"
    if id in call.state["jobs"]:
        raise died(f"Job '{id}' already exists")
    storage = call.text("storage")
    if storage and storage not in call.state["storages"]:
        raise died(f"storage '{storage}' does not exist")
    call.state["jobs"][id] = {"enabled": 1, **call.without("id")}


def update_job(call: Call) -> None:
    job = _job(call)
    for name in call.many("delete"):
        job.pop(name, None)
    job |= call.without("id", "delete")


def delete_job(call: Call) -> None:
    _job(call)
    del call.state["jobs"][call.text("id")]


def _job(call: Call) -> Data:
    found: Data | None = call.state["jobs"].get(call.text("id"))
    if found is None:
        raise died(f"No such job '{call.text('id')}'")
    return found


def _shown(call: Call, id: str) -> Data:
    """The retention as the rules in it, numbers as text."""
    job = dict(call.state["jobs"][id])
    if "prune-backups" in job:
        rules = pruning.rules_in(str(job["prune-backups"]))
        job["prune-backups"] = {f"keep-{name}": str(number) for name, number in rules.items()}
    if job.get("schedule") and job.get("enabled", 1):
        job["next-run"] = _next_midnight(call.world.clock.now())
    return {"id": id, "type": "vzdump", **job}


def _next_midnight(now: float) -> int:
    """Of every schedule: the emulator runs none, and clients only show it."""
    today = datetime.datetime.fromtimestamp(now, datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(today.timestamp()) + DAY_S


def not_backed_up(call: Call) -> list[Data]:
    covered: set[str] = set()
    for job in call.state["jobs"].values():
        if str(job.get("all", "0")) == "1":
            covered |= set(call.state["vms"]) - set(str(job.get("exclude", "")).split(","))
        covered |= set(str(job.get("vmid", "")).split(","))
        covered |= set(call.state["pools"].get(job.get("pool", ""), {"vms": []})["vms"])
    shown = []
    for vmid in sorted(set(call.state["vms"]) - covered, key=int):
        name = call.state["vms"][vmid]["config"].get("name")
        shown.append({"type": "qemu", "vmid": int(vmid), **({"name": name} if name else {})})
    return shown
