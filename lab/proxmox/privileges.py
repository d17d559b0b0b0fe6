"""The privileges of Proxmox VE 9 and the roles that it comes with. `VM.Monitor` is gone."""

_VM_USER = frozenset({
    "VM.Audit", "VM.Console", "VM.PowerMgmt", "VM.Backup", "VM.Config.CDROM", "VM.Config.Cloudinit",
    "VM.GuestAgent.Audit",
})  # fmt: skip
_VM_ADMIN = _VM_USER | {
    "VM.Allocate", "VM.Clone", "VM.Config.CPU", "VM.Config.Disk", "VM.Config.HWType", "VM.Config.Memory",
    "VM.Config.Network", "VM.Config.Options", "VM.GuestAgent.FileRead", "VM.GuestAgent.FileSystemMgmt",
    "VM.GuestAgent.FileWrite", "VM.GuestAgent.Unrestricted", "VM.Migrate", "VM.Replicate", "VM.Snapshot",
    "VM.Snapshot.Rollback",
}  # fmt: skip
_DATASTORE_USER = frozenset({"Datastore.AllocateSpace", "Datastore.Audit"})
_DATASTORE_ADMIN = _DATASTORE_USER | {"Datastore.Allocate", "Datastore.AllocateTemplate"}
_SDN_USER = frozenset({"SDN.Audit", "SDN.Use"})
_MAPPING_USER = frozenset({"Mapping.Audit", "Mapping.Use"})
_SYS_AUDIT = frozenset({"Sys.Audit"})
_SYS_ADMIN = _SYS_AUDIT | {"Sys.Console", "Sys.Syslog"}
_USER_ADMIN = frozenset({"Group.Allocate", "Realm.AllocateUser", "User.Modify"})
_POOL_ADMIN = frozenset({"Pool.Allocate", "Pool.Audit"})

# Root's alone: no role of the product's own but Administrator has these.
_ROOT_LIKE = frozenset({
    "Permissions.Modify", "Realm.Allocate", "Sys.AccessNetwork", "Sys.Incoming", "Sys.Modify", "Sys.PowerMgmt",
})  # fmt: skip

PRIVILEGES = (
    _VM_ADMIN | _DATASTORE_ADMIN | _SDN_USER | {"SDN.Allocate"} | _MAPPING_USER | {"Mapping.Modify"} | _SYS_ADMIN
    | _USER_ADMIN | _POOL_ADMIN | _ROOT_LIKE
)  # fmt: skip

BUILT_IN: dict[str, frozenset[str]] = {
    "Administrator": PRIVILEGES,
    "NoAccess": frozenset(),
    "PVEAdmin": PRIVILEGES - _ROOT_LIKE - {"VM.GuestAgent.Unrestricted"},
    "PVEAuditor": frozenset({
        "VM.Audit", "VM.GuestAgent.Audit", "Datastore.Audit", "SDN.Audit", "Mapping.Audit", "Sys.Audit",
        "Pool.Audit",
    }),
    "PVEDatastoreAdmin": _DATASTORE_ADMIN,
    "PVEDatastoreUser": _DATASTORE_USER,
    "PVEMappingAdmin": _MAPPING_USER | {"Mapping.Modify"},
    "PVEMappingAuditor": frozenset({"Mapping.Audit"}),
    "PVEMappingUser": _MAPPING_USER,
    "PVEPoolAdmin": _POOL_ADMIN,
    "PVEPoolUser": frozenset({"Pool.Audit"}),
    "PVESDNAdmin": _SDN_USER | {"SDN.Allocate"},
    "PVESDNUser": _SDN_USER,
    "PVESysAdmin": _SYS_ADMIN,
    "PVETemplateUser": frozenset({"VM.Audit", "VM.Clone"}),
    "PVEUserAdmin": _USER_ADMIN,
    "PVEVMAdmin": _VM_ADMIN,
    "PVEVMUser": _VM_USER,
}  # fmt: skip

# What a ticket's `cap` shows of the paths that begin so, by the beginnings of privileges.
CAPABILITIES: dict[str, tuple[str, ...]] = {
    "vms": ("VM.", "Permissions.Modify"),
    "access": ("User.", "Group.", "Permissions.Modify"),
    "storage": ("Datastore.", "Permissions.Modify"),
    "nodes": ("Sys.", "Permissions.Modify"),
    "sdn": ("SDN.", "Permissions.Modify"),
    "dc": ("Sys.Audit", "Sys.Modify", "SDN."),
    "mapping": ("Mapping.", "Permissions.Modify"),
}
