"""The guest agent: asked for three seconds, there only when the control says so (`guests`)."""

from lab.proxmox.errors import died
from lab.proxmox.guests import agent_wanted, running
from lab.proxmox.state import Data
from lab.proxmox.vm_power import AGENT_S
from lab.proxmox.world import Call


def _agent(call: Call) -> Data:
    vmid, vm = call.text("vmid"), call.vm
    if not agent_wanted(vm["config"]):
        raise died("No QEMU guest agent configured")
    if not running(vm):
        raise died(f"VM {vmid} is not running")
    guest: Data = call.state["guests"].get(vmid, {})
    if not guest.get("agent"):
        raise died("QEMU guest agent is not running", after_s=AGENT_S)
    return guest


def ping(call: Call) -> Data:
    _agent(call)
    return {"result": {}}


def execute(call: Call) -> Data:
    """The harness says what comes out of it, as `{"exitcode": 0, "out-data": "…"}`: under `executed` of all, or by
    program under `programs`, where no other program is in the guest. Nothing of either was recorded.
    """
    guest = _agent(call)
    program = call.many("command")[0]
    if program not in guest.get("programs", {program: {}}):
        text = f'Failed to execute child process "{program}" (No such file or directory)'
        raise died(f"Agent error: Guest agent command failed, error was '{text}'")
    guest["last_pid"], guest["last_program"] = 100 + call.state.next_number(), program
    guest["commands"] = [*guest.get("commands", []), call.many("command")]
    return {"pid": guest["last_pid"]}


def execution(call: Call) -> Data:
    """An end is told once, as the agent does."""
    guest = _agent(call)
    if call.whole("pid") != guest.get("last_pid"):
        raise died(f"Agent error: PID {call.whole('pid')} does not exist")
    said = {"exited": 1, "exitcode": 0, **guest.get("programs", {}).get(guest["last_program"], {})}
    said |= guest.get("executed", {})
    if said["exited"]:
        guest["last_pid"] = None
    return said


def interfaces(call: Call) -> Data:
    guest = _agent(call)
    found = []
    for name, address in sorted(guest.get("addresses", {}).items()):
        shown = {"ip-address": address, "ip-address-type": "ipv4", "prefix": 24}
        found.append({"name": name, "ip-addresses": [shown]})
    return {"result": found}


def system(call: Call) -> Data:
    return {"result": _agent(call).get("os", {"id": "linux", "name": "Linux"})}
