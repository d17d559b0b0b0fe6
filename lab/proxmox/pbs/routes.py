"""Every call of the Backup Server that the emulator has, and what its tasks do at their end."""

from lab.proxmox.pbs import access, datastores, files, jobs, snapshots, tasks
from lab.proxmox.product import Routes
from lab.proxmox.tasks import Step

STORE = "/admin/datastore/{store}"
USER = "/access/users/{userid}"
TASK = "/nodes/{node}/tasks/{upid}"

ROUTES: Routes = {
    ("GET", "/version"): access.version,
    # access
    ("POST", "/access/ticket"): access.create_ticket,
    ("PUT", "/access/password"): access.change_password,
    ("GET", "/access/permissions"): access.get_permissions,
    ("GET", "/access/roles"): access.list_roles,
    ("GET", "/access/acl"): access.list_acl,
    ("PUT", "/access/acl"): access.update_acl,
    ("GET", "/access/users"): access.list_users,
    ("POST", "/access/users"): access.create_user,
    ("GET", USER): access.get_user,
    ("PUT", USER): access.update_user,
    ("DELETE", USER): access.delete_user,
    ("GET", f"{USER}/token"): access.list_tokens,
    ("GET", f"{USER}/token/{{token-name}}"): access.get_token,
    ("POST", f"{USER}/token/{{token-name}}"): access.create_token,
    ("PUT", f"{USER}/token/{{token-name}}"): access.update_token,
    ("DELETE", f"{USER}/token/{{token-name}}"): access.delete_token,
    # datastores and namespaces
    ("GET", "/config/datastore"): datastores.list_config,
    ("POST", "/config/datastore"): datastores.create,
    ("GET", "/config/datastore/{name}"): datastores.get_config,
    ("PUT", "/config/datastore/{name}"): datastores.update,
    ("DELETE", "/config/datastore/{name}"): datastores.delete,
    ("GET", "/admin/datastore"): datastores.list_stores,
    ("GET", "/status/datastore-usage"): datastores.usage,
    ("GET", f"{STORE}/status"): datastores.status,
    ("GET", f"{STORE}/gc"): datastores.collection,
    ("POST", f"{STORE}/gc"): datastores.collect,
    ("GET", f"{STORE}/namespace"): datastores.list_namespaces,
    ("POST", f"{STORE}/namespace"): datastores.create_namespace,
    ("DELETE", f"{STORE}/namespace"): datastores.delete_namespace,
    # backups
    ("GET", f"{STORE}/snapshots"): snapshots.list_snapshots,
    ("DELETE", f"{STORE}/snapshots"): snapshots.delete_snapshot,
    ("GET", f"{STORE}/files"): files.list_files,
    ("GET", f"{STORE}/download-decoded"): files.download_decoded,
    ("GET", f"{STORE}/groups"): snapshots.list_groups,
    ("DELETE", f"{STORE}/groups"): snapshots.delete_group,
    ("GET", f"{STORE}/protected"): snapshots.get_protected,
    ("PUT", f"{STORE}/protected"): snapshots.set_protected,
    ("POST", f"{STORE}/prune"): snapshots.prune_group,
    ("POST", f"{STORE}/prune-datastore"): snapshots.prune_store,
    ("POST", f"{STORE}/verify"): snapshots.verify,
    # remotes and jobs
    ("GET", "/config/remote"): jobs.list_remotes,
    ("POST", "/config/remote"): jobs.create_remote,
    ("GET", "/config/remote/{name}"): jobs.get_remote,
    ("PUT", "/config/remote/{name}"): jobs.update_remote,
    ("DELETE", "/config/remote/{name}"): jobs.delete_remote,
    ("GET", "/config/remote/{name}/scan"): jobs.scan_remote,
    **{("GET", f"/config/{kind}"): jobs.list_jobs for kind in jobs.KINDS},
    **{("POST", f"/config/{kind}"): jobs.create_job for kind in jobs.KINDS},
    **{("GET", f"/config/{kind}/{{id}}"): jobs.get_job for kind in jobs.KINDS},
    **{("PUT", f"/config/{kind}/{{id}}"): jobs.update_job for kind in jobs.KINDS},
    **{("DELETE", f"/config/{kind}/{{id}}"): jobs.delete_job for kind in jobs.KINDS},
    **{("GET", f"/admin/{kind}"): jobs.list_jobs for kind in jobs.KINDS},
    **{("POST", f"/admin/{kind}/{{id}}/run"): jobs.run_job for kind in jobs.KINDS},
    # tasks
    ("GET", "/nodes/{node}/tasks"): tasks.list_tasks,
    ("DELETE", TASK): tasks.stop_task,
    ("GET", f"{TASK}/status"): tasks.task_status,
    ("GET", f"{TASK}/log"): tasks.task_log,
}

# The description says that these give nothing; the server gives a UPID, a log, a truth.
GIVES_MORE = frozenset({
    ("POST", "/config/datastore"), ("GET", f"{TASK}/log"), ("GET", f"{STORE}/protected"),
    *(("POST", f"/admin/{kind}/{{id}}/run") for kind in jobs.KINDS),
})  # fmt: skip

FINISHES: dict[str, Step] = {
    "collect": datastores.finish_collect,
    "create_datastore": datastores.finish_create,
    "delete_datastore": datastores.finish_delete,
    "prune": snapshots.finish_prune,
    "run_prune": jobs.finish_prune,
    "run_sync": jobs.finish_sync,
    "run_verify": jobs.finish_verify,
    "verify": snapshots.finish_verify,
}
