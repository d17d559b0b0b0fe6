"""Starting and stopping. A guest has no system in it until the control says that it answers ACPI or the agent."""

import re

from lab.proxmox import vm_disks
from lab.proxmox.errors import TaskFailed, died, invalid
from lab.proxmox.guests import NET, agent_wanted, cores, fail_locked, figures, options, running
from lab.proxmox.state import Data
from lab.proxmox.vm_create import forget, switch_on
from lab.proxmox.world import Call, World

# How long the agent is asked before it counts as not running, and a shutdown waited for by default, seconds.
AGENT_S, SHUTDOWN_S = 3.0, 60.0
BRIDGES = ("vmbr0",)


def current(call: Call) -> Data:
    vmid, vm = call.text("vmid"), call.vm
    shown = figures(call.world, vmid)
    for name in ("diskread", "diskwrite"):
        del shown[name]
    shown |= {"cpus": cores(vm["config"]), "ha": {"managed": int(f"vm:{vmid}" in call.state["ha"])}}
    shown |= {
        f"pressure{what}": 0 for what in ("cpusome", "cpufull", "iosome", "iofull", "memorysome", "memoryfull")
    }
    shown |= {"qmpstatus": vm["status"]}
    if vm["lock"]:
        shown["lock"] = vm["lock"]
    if vm["config"].get("template"):
        shown["template"] = 1
    if agent_wanted(vm["config"]):
        shown["agent"] = 1
    if running(vm):
        cards = [name for name in vm["config"] if NET.fullmatch(name)]
        shown |= {"pid": vm["pid"], "nics": {f"tap{vmid}i{name[3:]}": {"netin": 0, "netout": 0} for name in cards}}
    return shown


def start(call: Call) -> str:
    _refuse_skiplock(call)
    vmid = call.text("vmid")
    call.vm  # noqa: B018  # dies where there is none
    return call.tasks.start(call.caller, call.node, "qmstart", vmid, "start", seconds=1, locks=vmid, vmid=vmid)


def begin_start(world: World, task: Data) -> None:
    vm = world.vm(task["args"]["vmid"])
    fail_locked(vm)
    if running(vm):
        raise TaskFailed(f"VM {task['args']['vmid']} already running")
    if vm["config"].get("template"):
        raise TaskFailed("you can't start a vm if it's a template")


def finish_start(world: World, task: Data) -> None:
    """A bridge that is nowhere is noticed only now."""
    vm = world.vm(task["args"]["vmid"])
    known = {*BRIDGES, *world.state["applied"].get("vnets", {})}
    for name, value in vm["config"].items():
        bridge = options(str(value), "model").get("bridge") if NET.fullmatch(name) else None
        if bridge and bridge not in known:
            task["log"].append(f"bridge '{bridge}' does not exist")
            raise TaskFailed("start failed: QEMU exited with code 1")
    switch_on(world, vm)
    if world.inhabited and vm_disks.boots(world, vm):
        world.state["guests"].setdefault(task["args"]["vmid"], {}).update(agent=1, acpi=1)


def stop(call: Call) -> str:
    _refuse_skiplock(call)
    vmid = call.text("vmid")
    call.vm  # noqa: B018  # dies where there is none
    return call.tasks.start(call.caller, call.node, "qmstop", vmid, "stop", seconds=1, locks=vmid, vmid=vmid)


def begin_stop(world: World, task: Data) -> None:
    fail_locked(world.vm(task["args"]["vmid"]))


def finish_stop(world: World, task: Data) -> None:
    switch_off(world.vm(task["args"]["vmid"]))


def switch_off(vm: Data) -> None:
    """What waited for the next start is there from now."""
    vm["status"], vm["since"], vm["pid"] = "stopped", 0, 0
    for name, value in vm["pending"].items():
        if value is None:
            vm["config"].pop(name, None)
        else:
            vm["config"][name] = value
    vm["pending"] = {}


def shutdown(call: Call) -> str:
    """Runs until the guest is off or the time-out is over, and keeps the guest's lock file meanwhile."""
    _refuse_skiplock(call)
    vmid, vm = call.text("vmid"), call.vm
    if not running(vm):
        raise died(f"VM {vmid} not running")
    guest = call.state["guests"].get(vmid, {})
    deaf = AGENT_S if agent_wanted(vm["config"]) and not guest.get("agent") else 0.0
    obeys = bool(guest.get("acpi") or guest.get("agent"))
    seconds = deaf + (1.0 if obeys else float(call.text("timeout") or SHUTDOWN_S))
    return call.tasks.start(
        call.caller, call.node, "qmshutdown", vmid, "shutdown", seconds=seconds, locks=vmid, vmid=vmid,
        obeys=obeys or call.flag("forceStop"), deaf=deaf,
    )  # fmt: skip


def begin_shutdown(world: World, task: Data) -> None:
    fail_locked(world.vm(task["args"]["vmid"]))


def finish_shutdown(world: World, task: Data) -> None:
    vmid = task["args"]["vmid"]
    if task["args"]["deaf"]:
        task["log"].append(
            f"QEMU Guest Agent is not running - VM {vmid} qga command 'guest-ping' failed - got timeout"
        )
    if not task["args"]["obeys"]:
        raise TaskFailed("VM quit/powerdown failed - got timeout")
    switch_off(world.vm(vmid))


def reboot(call: Call) -> str:
    vmid, vm = call.text("vmid"), call.vm
    if not running(vm):
        raise died(f"VM {vmid} not running")
    obeys = bool(call.state["guests"].get(vmid))
    seconds = 2.0 if obeys else float(call.text("timeout") or SHUTDOWN_S)
    return call.tasks.start(
        call.caller, call.node, "qmreboot", vmid, "reboot", seconds=seconds, locks=vmid, vmid=vmid, obeys=obeys
    )


def begin_reboot(world: World, task: Data) -> None:
    fail_locked(world.vm(task["args"]["vmid"]))


def finish_reboot(world: World, task: Data) -> None:
    if not task["args"]["obeys"]:
        raise TaskFailed("VM quit/powerdown failed - got timeout")
    vm = world.vm(task["args"]["vmid"])
    switch_off(vm)
    switch_on(world, vm)


def destroy(call: Call) -> str:
    _refuse_skiplock(call)
    vmid, vm = call.text("vmid"), call.vm
    if vm["config"].get("protection"):
        raise died(f"can't remove VM {vmid} - protection mode enabled")
    if running(vm):
        raise died(f"VM {vmid} is running - destroy failed")
    return call.tasks.start(
        call.caller, call.node, "qmdestroy", vmid, "destroy", locks=vmid, vmid=vmid, purge=call.flag("purge"),
        everywhere=call.flag("destroy-unreferenced-disks"),
    )  # fmt: skip


def begin_destroy(world: World, task: Data) -> None:
    """Looking for disks on every storage fails if any one of them is broken."""
    fail_locked(world.vm(task["args"]["vmid"]))
    if not task["args"]["everywhere"]:
        return
    for name, storage in world.state["storages"].items():
        keyring = str(storage.get("keyring", "key ="))
        if storage["type"] == "rbd" and not re.search(r"\bkey\s*=", keyring):
            raise TaskFailed(f"Not a proper rbd authentication file: /etc/pve/priv/ceph/{name}.keyring")


def finish_destroy(world: World, task: Data) -> None:
    vmid = task["args"]["vmid"]
    vm = world.vm(vmid)
    vm_disks.drop_all(world, vm, vmid)
    forget(world, vmid)
    world.state["guests"].pop(vmid, None)
    if task["args"]["purge"]:
        _purge(world, vmid)


def _purge(world: World, vmid: str) -> None:
    """Out of backup jobs, high availability and grants too."""
    world.state["ha"].pop(f"vm:{vmid}", None)
    for job in world.state["jobs"].values():
        if "vmid" in job:
            job["vmid"] = ",".join(one for one in str(job["vmid"]).split(",") if one != vmid)
    for key in [key for key, entry in world.state["acl"].items() if entry["path"] == f"/vms/{vmid}"]:
        del world.state["acl"][key]


def _refuse_skiplock(call: Call) -> None:
    if call.has("skiplock") and not call.caller.is_root:
        raise invalid(skiplock="Only root may use this option.")
