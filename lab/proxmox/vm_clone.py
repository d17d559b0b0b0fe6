"""Copies of guests: whole ones, templates, and clones that read from a template's base images."""

import uuid

from lab.proxmox import vm_rights, volumes
from lab.proxmox.errors import died
from lab.proxmox.guests import DISK, NET, disks, fail_locked, options, refuse_locked, size_bytes, written
from lab.proxmox.state import Data
from lab.proxmox.vm_create import blank, mac_address
from lab.proxmox.world import Call, World


def clone(call: Call) -> str:
    """Refused before the task: a locked source, a VMID that is taken, a linked clone of what is no template."""
    vmid, newid, pool = call.text("vmid"), call.text("newid"), call.text("pool")
    source = call.state["vms"].get(vmid)
    if source is None:
        raise died(f"unable to find configuration file for VM {vmid} on node '{call.node}'")
    refuse_locked(source)
    if newid in call.state["vms"]:
        raise died(f"unable to create VM {newid}: config file already exists")
    if pool and pool not in call.state["pools"]:
        raise died(f"pool '{pool}' does not exist")
    full = call.flag("full", default=not source["config"].get("template"))
    for name, parts in disks(source["config"]):
        if not full and not volumes.can_link(call.world, parts["file"]):
            raise died(f"Linked clone feature is not supported for '{parts['file']}' ({name})")
        vm_rights.need_space(call, call.text("storage") or parts["file"].partition(":")[0])
    target = call.text("target") or call.node
    call.state["vms"][newid] = blank(call.world, target, "clone")
    if pool:
        call.state["pools"][pool]["vms"].append(newid)
    return call.tasks.start(
        call.caller, call.node, "qmclone", vmid, "clone", seconds=1, locks=vmid, vmid=vmid, newid=newid, full=full,
        name=call.text("name"), storage=call.text("storage"), format=call.text("format"),
        description=call.text("description"),
    )  # fmt: skip


def finish_clone(world: World, task: Data) -> None:
    args = task["args"]
    source, made = world.vm(args["vmid"]), world.vm(args["newid"])
    config = {name: value for name, value in source["config"].items() if name not in ("template", "description")}
    for name, parts in disks(source["config"]):
        config[name] = _copied(world, made["node"], parts, args)
    for name in [name for name in config if NET.fullmatch(name)]:
        first, comma, rest = str(config[name]).partition(",")
        config[name] = f"{first.partition('=')[0]}={mac_address(world)}{comma}{rest}"
    config |= {"smbios1": f"uuid={uuid.uuid4()}", "vmgenid": str(uuid.uuid4())}
    config["name"] = args["name"] or f"Copy-of-VM-{source['config'].get('name', args['vmid'])}"
    if args["description"]:
        config["description"] = args["description"]
    made.update(config=config, lock="")


def _copied(world: World, node: str, parts: Data, args: Data) -> str:
    base = parts["file"]
    storage = args["storage"] or base.partition(":")[0]
    format = args["format"] or volumes.format_of(base)
    name = volumes.disk_name(world, node, storage, args["newid"], format)
    parent = {} if args["full"] else {"parent": base}
    if parent:
        name = f"{base}/{name.partition(':')[2]}"
    volumes.add(world, node, name, "images", size_bytes(parts["size"]), vmid=int(args["newid"]), **parent)
    return written({**parts, "file": name}, "file")


def template(call: Call) -> str:
    vmid, vm = call.text("vmid"), call.vm
    refuse_locked(vm)
    if vm["snapshots"]:
        raise died("unable to create template, because VM contains snapshots")
    return call.tasks.start(call.caller, call.node, "qmtemplate", vmid, "template", locks=vmid, vmid=vmid)


def begin_template(world: World, task: Data) -> None:
    fail_locked(world.vm(task["args"]["vmid"]))


def finish_template(world: World, task: Data) -> None:
    """Its disks become base images, by another name."""
    vmid = task["args"]["vmid"]
    vm = world.vm(vmid)
    for name, value in list(vm["config"].items()):
        if not DISK.fullmatch(name):
            continue
        parts = options(str(value), "file")
        old = parts["file"]
        new = old.replace(f"vm-{vmid}-disk", f"base-{vmid}-disk")
        volume = volumes.find(world, vm["node"], old)
        if volume and new != old:
            volumes.remove(world, vm["node"], old)
            volumes.add(world, vm["node"], new, "images", volume["size"], vmid=int(vmid))
            vm["config"][name] = written({**parts, "file": new}, "file")
    vm["config"]["template"] = 1
