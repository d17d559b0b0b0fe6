"""A node: what it has, its tasks and their logs."""

from lab.proxmox import permissions
from lab.proxmox.errors import died
from lab.proxmox.permissions import who_is
from lab.proxmox.state import Data
from lab.proxmox.world import Answer, Call, World

GIB = 1 << 30
# The slides: 970 cores and 4,976 GB on 205 servers, of which a lab's node is a strong one.
CORES, MEMORY, DISK = 64, 512 * GIB, 252 * GIB
# How long a worker that does not hear is given before it is killed, and one that hears takes, seconds.
DEAF_S, HEARS_S = 5.0, 1.0


def online(world: World, node: str) -> bool:
    return not world.state["nodes"][node].get("offline")


def list_nodes(call: Call) -> list[Data]:
    shown = []
    for node in call.state["nodes"]:
        head: Data = {"node": node, "id": f"node/{node}", "type": "node", "level": "", "ssl_fingerprint": "00"}
        head["status"] = "online" if online(call.world, node) else "offline"
        if permissions.may(call.state, call.caller, f"/nodes/{node}", "Sys.Audit"):
            head |= {"cpu": 0.01, "maxcpu": CORES, "mem": MEMORY // 10, "maxmem": MEMORY, "uptime": 3600}
        shown.append(head)
    return shown


def status(call: Call) -> Data:
    return {
        "uptime": 3600, "cpu": 0.01, "wait": 0, "idle": 0, "loadavg": ["0.10", "0.10", "0.10"],
        "memory": {"total": MEMORY, "used": MEMORY // 10, "free": MEMORY * 9 // 10, "available": MEMORY * 9 // 10},
        "swap": {"total": 0, "used": 0, "free": 0}, "ksm": {"shared": 0},
        "rootfs": {"total": DISK, "used": DISK // 10, "avail": DISK * 9 // 10, "free": DISK * 9 // 10},
        "cpuinfo": {"cpus": CORES, "cores": CORES // 2, "sockets": 2, "model": "emulated", "mhz": "2600",
                    "hvm": "1", "user_hz": 100, "flags": "", "family": "25", "vendor": "emulated"},
        "pveversion": "pve-manager/9.2.11/emulated", "kversion": "Linux emulated", "boot-info": {"mode": "efi"},
        "current-kernel": {"sysname": "Linux", "release": "emulated", "version": "emulated", "machine": "x86_64"},
    }  # fmt: skip


def measurements(call: Call) -> list[Data]:
    """An hour of minutes without figures: nothing was measured."""
    call.vm  # noqa: B018  # dies where there is none
    last = int(call.world.clock.now()) // 60 * 60
    return [{"time": last - 60 * back} for back in reversed(range(70))]


def list_tasks(call: Call) -> Answer:
    """The ended ones by default; one's own, and with `Sys.Audit` everybody's."""
    sees_all = permissions.may(call.state, call.caller, f"/nodes/{call.node}", "Sys.Audit")
    source = call.text("source", "archive")
    found = []
    for task in call.tasks.newest_first():
        ended = task["exitstatus"] is not None
        if task["node"] != call.node or (source == "archive" and not ended) or (source == "active" and ended):
            continue
        if (sees_all or task["user"] == call.caller.user) and _wanted(call, task):
            found.append(_listed(task))
    first = call.whole("start")
    return Answer(found[first : first + call.whole("limit", 50)], {"total": len(found)})


def _wanted(call: Call, task: Data) -> bool:
    if call.flag("errors") and task["exitstatus"] in ("OK", None):
        return False
    if call.has("vmid") and task["id"] != call.text("vmid"):
        return False
    if call.has("since") and task["start"] < call.whole("since"):
        return False
    if call.has("until") and task["start"] > call.whole("until"):
        return False
    if call.has("statusfilter") and not _has_status(task, call.many("statusfilter")):
        return False
    return call.text("userfilter") in who_is(task["user"]).authid and call.text("typefilter") in ("", task["type"])


def _has_status(task: Data, wanted: list[str]) -> bool:
    status = str(task["exitstatus"])
    kind = "ok" if status == "OK" else "warning" if status.startswith("WARNINGS") else "error"
    return kind in wanted


def _listed(task: Data) -> Data:
    names = ("upid", "node", "pid", "pstart", "type", "id", "user")
    shown = {**{name: task[name] for name in names}, "starttime": task["start"], **_token(task)}
    if task["exitstatus"] is not None:
        shown |= {"endtime": int(task["end"]), "status": task["exitstatus"]}
    return shown


def _token(task: Data) -> Data:
    return {"tokenid": task["tokenid"]} if task["tokenid"] else {}


def task_status(call: Call) -> Data:
    """`stopped` is not success: that is `exitstatus`."""
    task = _own(call, "Sys.Audit")
    names = ("upid", "node", "pid", "pstart", "type", "id", "user")
    shown = {**{name: task[name] for name in names}, "starttime": task["start"], **_token(task)}
    if task["exitstatus"] is None:
        return {**shown, "status": "running"}
    return {**shown, "status": "stopped", "exitstatus": task["exitstatus"]}


def task_log(call: Call) -> Answer:
    task = _own(call, "Sys.Audit")
    lines = task["log"] or ["no content"]
    first, limit = call.whole("start"), call.whole("limit", 50)
    shown = [{"n": place + 1, "t": line} for place, line in enumerate(lines)]
    return Answer(shown[first : first + limit if limit else None], {"total": len(lines)})


def stop_task(call: Call) -> Answer:
    """A worker in the middle of asking the agent does not hear, and is killed: its end is `unexpected status`."""
    task = _own(call, "Sys.Modify")
    if task["exitstatus"] is not None:
        return Answer()
    now = call.world.clock.now()
    deaf = task["begin"] is not None and now - task["begin"] < call.world.clock.span(task["args"].get("deaf", 0))
    call.tasks.stop(task, now, "unexpected status" if deaf else "received interrupt")
    return Answer(after_s=DEAF_S if deaf else HEARS_S)


def _own(call: Call, otherwise: str) -> Data:
    """The caller's own task, or anybody's with that privilege on the node."""
    task = call.tasks.find(call.text("upid"))
    if task["user"] != call.caller.user:
        permissions.check(call.state, call.caller, f"/nodes/{call.node}", [otherwise])
    if task["node"] != call.node:
        raise died("no such task")
    return task
