"""What the runbook makes on a cluster before a portal can use it: roles, the portal's user and token, a zone for
its networks, a firewall that is switched on. `outside` is root, by `proxmoxer`.
"""

from typing import Any

# The role of the portal's own token on `/`; it grants on pools and storages alone.
SERVICE = (
    "Pool.Allocate,Pool.Audit,User.Modify,Realm.AllocateUser,Group.Allocate,Sys.Audit,"
    "Datastore.Allocate,Datastore.AllocateSpace,Datastore.AllocateTemplate,Datastore.Audit,"
    "SDN.Allocate,SDN.Audit,SDN.Use,"
    "VM.Allocate,VM.Audit,VM.Backup,VM.PowerMgmt,VM.Snapshot,VM.GuestAgent.Audit,VM.GuestAgent.Unrestricted,"
    "VM.Config.CPU,VM.Config.Memory,VM.Config.Disk,VM.Config.HWType,VM.Config.Network,VM.Config.Options"
)
# What a town's own user and token may do in its pool.
ROLE = "McloudTown"
ZONE = "portal"
# The cluster's way to the Backup Server beside it, into a namespace that is the portal's alone.
BACKUPS, NAMESPACE = "failback", "portal"
TOKEN = "portal@pve!svc"


def prepare(outside: Any) -> str:
    """On a cluster on which nobody did it before; the secret of the portal's token, shown this once."""
    outside.access.roles.post(roleid=ROLE, privs="VM.Allocate,VM.Audit,VM.PowerMgmt,Pool.Audit")
    outside.access.roles.post(roleid="McloudPortal", privs=SERVICE)
    outside.access.roles.post(roleid="McloudGrants", privs="Permissions.Modify")
    user, _, name = TOKEN.partition("!")
    outside.access.users.post(userid=user)
    made = outside.access.users(user).token(name).post(privsep=1)
    outside.access.acl.put(path="/", roles="McloudPortal", users=user, tokens=TOKEN)
    for path in ("/pool", "/storage"):
        # What is granted deeper replaces what is granted above.
        outside.access.acl.put(path=path, roles="McloudGrants,McloudPortal", users=user, tokens=TOKEN)
    outside.cluster.sdn.zones.post(zone=ZONE, type="vxlan", peers="192.0.2.1,192.0.2.2,192.0.2.3")
    outside.cluster.firewall.options.put(enable=1)
    return str(made["value"])


def prepare_backups(outside: Any, beside: Any, store: str, **where: Any) -> None:
    """A namespace of that datastore, and the storage that leads there: `where` is its server, port and fingerprint.
    `beside` is root of the Backup Server. No retention: the portal removes what it made.
    """
    beside.admin.datastore(store).namespace.post(name=NAMESPACE)
    beside.access.users.post(userid="cluster@pbs")
    made = beside.access.users("cluster@pbs").token("backup").post()
    for who in ("cluster@pbs", made["tokenid"]):
        place = f"/datastore/{store}/{NAMESPACE}"
        beside.access.acl.put(path=place, role="DatastorePowerUser", **{"auth-id": who})
        # To find the datastore at all.
        beside.access.acl.put(path=f"/datastore/{store}", role="DatastoreAudit", propagate=0, **{"auth-id": who})
    outside.storage.post(
        storage=BACKUPS, type="pbs", datastore=store, namespace=NAMESPACE, username=made["tokenid"],
        password=made["value"], content="backup", **where,
    )  # fmt: skip
