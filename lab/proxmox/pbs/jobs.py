"""Remotes, and the jobs that pull or push, prune and verify. No schedule starts one; `run` does."""

from lab.proxmox.errors import Refused, TaskFailed
from lab.proxmox.pbs import datastores, snapshots
from lab.proxmox.pbs.access import exists, missing
from lab.proxmox.pbs.rights import held, need
from lab.proxmox.state import Data
from lab.proxmox.world import Call, World

PORT = 8007
# Which privilege on the datastore a job of each kind needs.
NEEDS = {"sync": ("Datastore.Backup",), "prune": ("Datastore.Modify",), "verify": ("Datastore.Verify",)}


def list_remotes(call: Call) -> list[Data]:
    mine = [
        name
        for name in sorted(call.state["remotes"])
        if "Remote.Audit" in held(call.state, call.caller, f"/remote/{name}")
    ]
    return [_remote(call, name) for name in mine]


def get_remote(call: Call) -> Data:
    return _remote(call, call.text("name"))


def _remote(call: Call, name: str) -> Data:
    found = call.state["remotes"].get(name)
    if found is None:
        raise missing(f"remote '{name}'")
    return {"name": name, **{key: value for key, value in found.items() if key != "password"}}


def create_remote(call: Call) -> None:
    name = call.text("name")
    if name in call.state["remotes"]:
        raise exists("name", f"remote '{name}'")
    call.state["remotes"][name] = call.without("name")


def update_remote(call: Call) -> None:
    name = call.text("name")
    _remote(call, name)
    for gone in call.many("delete"):
        call.state["remotes"][name].pop(gone, None)
    call.state["remotes"][name] |= call.without("name", "delete", "digest")


def delete_remote(call: Call) -> None:
    """Not while a sync job reads from it."""
    name = call.text("name")
    _remote(call, name)
    used = [id for id, job in call.state["sync"].items() if job.get("remote") == name]
    if used:
        raise Refused(
            400,
            f"remote '{name}' is used by sync job '{used[0]}' (datastore '{call.state['sync'][used[0]]['store']}')",
        )
    del call.state["remotes"][name]


def scan_remote(call: Call) -> list[Data]:
    name = call.text("name")
    _remote(call, name)
    try:
        far = reached(call.world, name)
    except TaskFailed as failed:
        raise Refused(400, str(failed)) from None
    return [datastores.stored(far, store) for store in sorted(far.state["datastores"])]


def reached(world: World, name: str) -> World:
    """The far server: this one under its own address, if the fingerprint and the token are right."""
    remote = world.state["remotes"].get(name)
    if remote is None:
        raise TaskFailed(f"no such remote '{name}'")
    where = f"{remote['host']}:{remote.get('port', PORT)}"
    known = world.state["neighbours"].get(where)
    if known is None:
        raise TaskFailed(f"error trying to connect: tcp connect error: No route to host ({where})")
    if str(remote.get("fingerprint", "")).upper() != known["fingerprint"]:
        raise TaskFailed("error trying to connect: certificate fingerprint does not match expected fingerprint")
    kept = world.state["tokens"].get(remote["auth-id"])
    if kept is None or kept["secret"] != remote["password"]:
        raise TaskFailed("authentication failed - invalid credentials")
    return world


def _section(call: Call) -> str:
    """`sync`, `prune` or `verify`, from the address."""
    return call.request.path.split("/")[4]


def list_jobs(call: Call) -> list[Data]:
    """`config/sync` and `admin/sync` alike show pulls only, unless told."""
    section = _section(call)
    shown = []
    for id in sorted(call.state[section]):
        job = call.state[section][id]
        if not datastores.sees(call, job["store"], job.get("ns", "")) or call.text("store") not in (
            "",
            job["store"],
        ):
            continue
        if section == "sync" and call.text("sync-direction", "pull") not in (
            "all",
            job.get("sync-direction", "pull"),
        ):
            continue
        shown.append(_shown(call, section, id))
    return shown


def get_job(call: Call) -> Data:
    _job(call)
    return _shown(call, _section(call), call.text("id"))


def _shown(call: Call, section: str, id: str) -> Data:
    """Under `admin` with the state of the last run."""
    job = {key: value for key, value in call.state[section][id].items() if key != "last"}
    last = call.state[section][id].get("last", {})
    administered = call.request.path.split("/")[3] == "admin"
    return {"id": id, **job, **(last if administered else {})}


def _job(call: Call) -> Data:
    found: Data | None = call.state[_section(call)].get(call.text("id"))
    if found is None:
        raise missing(f"job '{call.text('id')}'")
    return found


def create_job(call: Call) -> None:
    section, id = _section(call), call.text("id")
    _need(call, section, call.text("store"), call.text("ns"))
    datastores.need_namespace(call.world, call.text("store"), call.text("ns"))
    if id in call.state[section]:
        raise exists("id", f"job '{id}'")
    if call.has("remote") and call.text("remote") not in call.state["remotes"]:
        raise missing(f"remote '{call.text('remote')}'")
    call.state[section][id] = call.without("id")


def _need(call: Call, section: str, store: str, namespace: str) -> None:
    need(call.state, call.caller, datastores.path_of(store, namespace), *NEEDS[section])
    if section == "sync" and call.has("remote"):
        need(call.state, call.caller, f"/remote/{call.text('remote')}/{call.text('remote-store')}", "Remote.Read")


def update_job(call: Call) -> None:
    job = _job(call)
    _need(call, _section(call), job["store"], job.get("ns", ""))
    for name in call.many("delete"):
        job.pop(name, None)
    job |= call.without("id", "delete", "digest")


def delete_job(call: Call) -> None:
    job = _job(call)
    _need(call, _section(call), job["store"], job.get("ns", ""))
    del call.state[_section(call)][call.text("id")]


KINDS = {"sync": "syncjob", "prune": "prunejob", "verify": "verificationjob"}


def run_job(call: Call) -> str:
    section, id = _section(call), call.text("id")
    job = _job(call)
    need(call.state, call.caller, datastores.path_of(job["store"], job.get("ns", "")), *NEEDS[section])
    upid = call.tasks.start(
        call.caller, call.node, KINDS[section], f"{job['store']}:{id}", f"run_{section}", seconds=1, id_=id,
        store=job["store"], ns=job.get("ns", ""), rules=snapshots.rules_of(job),
    )  # fmt: skip
    job["last"] = {"last-run-upid": upid}
    return upid


def finish_sync(world: World, task: Data) -> None:
    """Copies what is not there yet; with `remove-vanished` what is gone at the source goes here too."""
    job = world.state["sync"].get(task["args"]["id_"])
    if job is None:
        raise TaskFailed("the job is gone")
    far = reached(world, str(job.get("remote", "")))
    here, there = (job["store"], job.get("ns", "")), (job["remote-store"], job.get("remote-ns", ""))
    push = job.get("sync-direction") == "push"
    source, target = (here, there) if push else (there, here)
    if there[0] not in far.state["datastores"]:
        raise TaskFailed(f"datastore '{there[0]}' does not exist")
    copied = _copy(world, source, target, str(job.get("owner", task["user"])))
    if job.get("remove-vanished"):
        _drop_vanished(world, source, target)
    task["log"].append(f"sync finished: {copied} snapshots")
    note_end(world, task, "sync", "OK")


def _copy(world: World, source: tuple[str, str], target: tuple[str, str], owner: str) -> int:
    copied = 0
    for one in list(world.state["snapshots"].values()):
        if (one["store"], one["ns"]) != source:
            continue
        name = (one["backup-type"], one["backup-id"], one["backup-time"])
        if snapshots.key_of(*target, *name) not in world.state["snapshots"]:
            snapshots.put(world, *target, *name, one["size"], owner)
            copied += 1
    return copied


def _drop_vanished(world: World, source: tuple[str, str], target: tuple[str, str]) -> None:
    for key, one in list(world.state["snapshots"].items()):
        name = (one["backup-type"], one["backup-id"], one["backup-time"])
        gone = snapshots.key_of(*source, *name) not in world.state["snapshots"]
        if (one["store"], one["ns"]) == target and gone and not one["protected"]:
            datastores.drop(world, key)


def finish_prune(world: World, task: Data) -> None:
    snapshots.finish_prune(world, task)
    note_end(world, task, "prune", "OK")


def finish_verify(world: World, task: Data) -> None:
    snapshots.finish_verify(world, task)
    note_end(world, task, "verify", "OK")


def note_end(world: World, task: Data, section: str, state: str) -> None:
    job = world.state[section].get(task["args"]["id_"])
    if job is not None:
        job["last"] = {"last-run-upid": task["upid"], "last-run-state": state, "last-run-endtime": int(task["end"])}
