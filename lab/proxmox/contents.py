"""What lies on a storage: listing, uploads, notes and protection, deletion."""

from lab.proxmox import arriving, permissions, pruning, volumes
from lab.proxmox.errors import TaskFailed, died, invalid
from lab.proxmox.state import Data
from lab.proxmox.world import Call, World

UPLOADS = {"iso": (".iso", ".img"), "vztmpl": (".tar.gz", ".tar.xz", ".tar.zst"),
           "import": (".qcow2", ".raw", ".vmdk", ".ova")}  # fmt: skip


def list_content(call: Call) -> list[Data]:
    """Backups and disks of guests only for whom may see that guest or all of the storage."""
    name = call.text("storage")
    volumes.storage_of(call.world, name)
    wanted, vmid = call.text("content"), call.text("vmid")
    shown = []
    for volume in sorted(_here(call, name), key=lambda one: str(one["volid"])):
        if (
            wanted in ("", volume["content"])
            and vmid in ("", str(volume.get("vmid", "")))
            and _may_see(call, volume)
        ):
            shown.append(_shown(volume))
    return shown


def _here(call: Call, name: str) -> list[Data]:
    shared = volumes.is_shared(call.state["storages"][name])
    mine = [volume for volume in call.state["volumes"].values() if volume["storage"] == name]
    here = [volume for volume in mine if shared or volume["node"] == call.node]
    return [volume for volume in here if not arriving.is_gone(call.world, volume)]


def _may_see(call: Call, volume: Data) -> bool:
    if "vmid" not in volume or permissions.may(
        call.state, call.caller, f"/storage/{volume['storage']}", "Datastore.Allocate"
    ):
        return True
    wanted = "VM.Backup" if volume["content"] == "backup" else "VM.Config.Disk"
    return permissions.may(call.state, call.caller, f"/vms/{volume['vmid']}", wanted)


def _shown(volume: Data) -> Data:
    names = ("volid", "content", "format", "size", "ctime", "vmid", "subtype", "notes", "parent")
    shown = {name: volume[name] for name in names if name in volume}
    return {**shown, **({"protected": 1} if volume.get("protected") else {})}


def get_volume(call: Call) -> Data:
    volume = _volume(call)
    shown = {"path": volumes.path_of(call.world, volume["volid"]), "size": volume["size"], "used": volume["size"]}
    return {**shown, "format": volume["format"], **_noted(volume)}


def _noted(volume: Data) -> Data:
    return {name: volume[name] for name in ("notes", "protected") if volume.get(name)}


def update_volume(call: Call) -> None:
    volume = _volume(call)
    _need(call, volume)
    if call.has("protected"):
        volume["protected"] = int(call.flag("protected"))
    if call.has("notes"):
        volume["notes"] = call.text("notes")


def delete_volume(call: Call) -> str:
    """A UPID even for what is protected: that is refused by the task."""
    volume = _volume(call)
    _need(call, volume)
    owner = f"{volume['vmid']}@" if "vmid" in volume else "@"
    who, volid = call.caller, volume["volid"]
    id = f"{owner}{volume['storage']}"
    return call.tasks.start(who, call.node, "imgdel", id, "delete_volume", volid=volid)


def _need(call: Call, volume: Data) -> None:
    """The real calls check by what the volume is: a backup's guest, or the whole storage."""
    place = f"/storage/{volume['storage']}"
    if permissions.may(call.state, call.caller, place, "Datastore.Allocate"):
        return
    permissions.check(call.state, call.caller, place, ["Datastore.AllocateSpace"])
    if "vmid" in volume:
        permissions.check(call.state, call.caller, f"/vms/{volume['vmid']}", ["VM.Backup"])


def _volume(call: Call) -> Data:
    name, volid = call.text("storage"), call.text("volume")
    volumes.storage_of(call.world, name)
    volid = volid if ":" in volid else f"{name}:{volid}"
    found = volumes.find(call.world, call.node, volid)
    if found is None:
        raise died(f"volume '{volid}' does not exist")
    return found


def begin_delete_volume(world: World, task: Data) -> None:
    """Protection counts at the beginning: to take it off meanwhile is too late."""
    volumes.refuse_protected(volumes.find(world, task["node"], task["args"]["volid"]))


def finish_delete_volume(world: World, task: Data) -> None:
    volumes.remove(world, task["node"], task["args"]["volid"])
    task["log"].append(f"Removed volume '{task['args']['volid']}'")


def upload(call: Call) -> str:
    """The body is counted, its head read (of a qcow2 the virtual size, whether it boots); a raw disk is kept."""
    storage, content, filename = call.text("storage"), call.text("content"), call.text("filename")
    if content not in str(volumes.storage_of(call.world, storage).get("content", "")).split(","):
        raise invalid(content=f"storage '{storage}' does not support '{content}' content")
    if not filename.lower().endswith(UPLOADS.get(content, ())):
        raise invalid(filename="wrong file extension")
    size = call.request.sizes.get("filename", 0)
    args: Data = {"volid": f"{storage}:{content}/{filename}", "content": content, "size": size}
    args |= {"virtual": call.request.virtual_size or size, "boots": call.request.boots}
    if filename.lower().endswith(".raw") and "filename" in call.request.files:
        args["bytes"] = call.world.kept.put(call.request.files["filename"])
    if call.has("checksum"):
        args |= {"wanted": call.text("checksum").lower(), "got": call.request.sums.get("filename", "")}
    return call.tasks.start(call.caller, call.node, "imgcopy", "", "upload", seconds=0, **args)


def finish_upload(world: World, task: Data) -> None:
    """What has another sum than was said does not come to its place."""
    args = task["args"]
    if args.get("wanted") != args.get("got"):
        raise TaskFailed(f"checksum mismatch: got '{args['got']}' != expect '{args['wanted']}'")
    more = {name: args[name] for name in ("virtual", "boots", "bytes") if name in args}
    volumes.add(world, task["node"], args["volid"], args["content"], args["size"], **more)


def download_url(call: Call) -> str:
    """The emulator fetches nothing: the task ends as for a server that does not answer."""
    volumes.storage_of(call.world, call.text("storage"))
    return call.tasks.start(
        call.caller, call.node, "download", call.text("filename"), "download", url=call.text("url")
    )


def finish_download(world: World, task: Data) -> None:
    raise TaskFailed("download failed: the server does not answer")


def prunable(call: Call) -> list[Data]:
    """What a prune would keep and remove, without doing it."""
    name = call.text("storage")
    rules = call.text("prune-backups") or str(volumes.storage_of(call.world, name).get("prune-backups", ""))
    found = []
    for vmid in sorted({volume["vmid"] for volume in _backups(call, name)}):
        if call.text("vmid") not in ("", str(vmid)):
            continue
        group = [volume for volume in _backups(call, name) if volume["vmid"] == vmid]
        marks = pruning.marks(group, pruning.rules_in(rules))
        for volume in group:
            mark = marks[volume["volid"]]
            found.append(
                {"volid": volume["volid"], "ctime": volume["ctime"], "type": "qemu", "vmid": vmid, "mark": mark}
            )
    return found


def _backups(call: Call, name: str) -> list[Data]:
    mine = [volume for volume in _here(call, name) if volume["content"] == "backup"]
    return sorted(mine, key=lambda volume: int(volume["ctime"]))
