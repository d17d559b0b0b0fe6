"""Which privilege which line of a guest's configuration needs, and what is root's alone."""

import re

from lab.proxmox import permissions
from lab.proxmox.errors import died, forbidden
from lab.proxmox.guests import DISK, NET, UNUSED, options
from lab.proxmox.world import Call

CPU = {"cores", "sockets", "vcpus", "cpu", "cpulimit", "cpuunits", "numa", "smp", "affinity"}
HARDWARE = {"machine", "bios", "scsihw", "vga", "acpi", "kvm", "rng0", "audio0", "watchdog", "keyboard", "ostype",
            "hotplug", "hugepages", "tablet", "freeze", "vmgenid"}  # fmt: skip
CLOUDINIT = {"ciuser", "cipassword", "citype", "cicustom", "ciupgrade", "nameserver", "searchdomain", "sshkeys"}
ROOT_ONLY = {"args", "lock"}
# Parameters of the calls that are no lines of the configuration.
NO_LINES = {"node", "vmid", "pool", "storage", "archive", "force", "unique", "start", "digest", "delete", "revert",
            "skiplock", "background_delay", "bwlimit", "live-restore", "import-working-storage", "ha-managed",
            "skip-import"}  # fmt: skip


def privilege_for(name: str, value: str = "") -> str:
    if name in CPU:
        return "VM.Config.CPU"
    if name in ("memory", "balloon", "shares"):
        return "VM.Config.Memory"
    if NET.fullmatch(name):
        return "VM.Config.Network"
    if name in CLOUDINIT or re.fullmatch(r"ipconfig\d+", name):
        return "VM.Config.Cloudinit"
    if DISK.fullmatch(name) or UNUSED.fullmatch(name):
        return "VM.Config.CDROM" if "media=cdrom" in value else "VM.Config.Disk"
    return "VM.Config.HWType" if name in HARDWARE else "VM.Config.Options"


def check_lines(call: Call, vmid: str, names: list[str], pool: str = "") -> None:
    """Each line's privilege, on the guest or on the pool that it is made in."""
    for name in names:
        if name in NO_LINES:
            continue
        if name in ROOT_ONLY and not call.caller.is_root:
            raise died(f"only root can set '{name}' config")
        need(call, vmid, privilege_for(name, call.text(name)), pool)


def need(call: Call, vmid: str, privilege: str, pool: str = "") -> None:
    if pool and permissions.may(call.state, call.caller, f"/pool/{pool}", privilege):
        return
    permissions.check(call.state, call.caller, f"/vms/{vmid}", [privilege])


def need_allocate(call: Call, vmid: str, pool: str) -> None:
    """The real call does not say what is missing here."""
    places = [f"/vms/{vmid}", *([f"/pool/{pool}"] if pool else [])]
    if not any(permissions.may(call.state, call.caller, place, "VM.Allocate") for place in places):
        raise forbidden()


def need_space(call: Call, storage: str) -> None:
    permissions.check(call.state, call.caller, f"/storage/{storage}", ["Datastore.AllocateSpace"])


def need_bridge(call: Call, value: str) -> None:
    """A node's own bridges lie in the zone `localnetwork`; a virtual network in its own."""
    bridge = options(value, "model").get("bridge")
    if not bridge:
        return
    zone = (call.state["vnets"].get(bridge) or {}).get("zone", "localnetwork")
    permissions.check(call.state, call.caller, f"/sdn/zones/{zone}/{bridge}", ["SDN.Use"])
