"""Tasks of the Backup Server: the same idea as the cluster's, other names, UPIDs of ten fields."""

from lab.proxmox.pbs.rights import held, need
from lab.proxmox.state import Data
from lab.proxmox.world import Answer, Call


def list_tasks(call: Call) -> Answer:
    found = [task for task in call.tasks.newest_first() if task["user"] == call.caller.user or _sees_all(call)]
    if call.flag("running"):
        found = [task for task in found if task["exitstatus"] is None]
    if call.flag("errors"):
        found = [task for task in found if task["exitstatus"] not in ("OK", None)]
    found = [task for task in found if call.text("typefilter") in str(task["type"])]
    first = call.whole("start")
    return Answer([_listed(task) for task in found[first : first + call.whole("limit", 50)]], {"total": len(found)})


def _sees_all(call: Call) -> bool:
    return "Sys.Audit" in held(call.state, call.caller, "/system/tasks")


def _listed(task: Data) -> Data:
    shown = {name: task[name] for name in ("upid", "node", "pid", "pstart")}
    shown |= {
        "starttime": task["start"],
        "worker_type": task["type"],
        "worker_id": task["id"],
        "user": _authid(task),
    }
    return (
        shown
        if task["exitstatus"] is None
        else {**shown, "endtime": int(task["end"]), "status": task["exitstatus"]}
    )


def _authid(task: Data) -> str:
    return f"{task['user']}!{task['tokenid']}" if task["tokenid"] else str(task["user"])


def task_status(call: Call) -> Data:
    task = _own(call)
    shown = {name: task[name] for name in ("upid", "node", "pid", "pstart", "type", "id", "user")}
    shown |= {"starttime": task["start"], **({"tokenid": task["tokenid"]} if task["tokenid"] else {})}
    if task["exitstatus"] is None:
        return {**shown, "status": "running"}
    return {**shown, "status": "stopped", "exitstatus": task["exitstatus"]}


def task_log(call: Call) -> Answer:
    lines = _own(call)["log"]
    shown = [{"n": place + 1, "t": line} for place, line in enumerate(lines)]
    first = call.whole("start")
    return Answer(shown[first : first + call.whole("limit", 50)], {"total": len(lines)})


def stop_task(call: Call) -> None:
    task = _own(call)
    if task["exitstatus"] is None:
        call.tasks.stop(task, call.world.clock.now(), "received interrupt")


def _own(call: Call) -> Data:
    task = call.tasks.find(call.text("upid"))
    if task["user"] != call.caller.user:
        need(call.state, call.caller, "/system/tasks", "Sys.Audit")
    return task
