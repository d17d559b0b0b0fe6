"""What each kind of task does when it begins and when it ends; `work!` follows an end that was made to fail."""

from lab.proxmox import (
    backups,
    contents,
    sdn,
    vm_clone,
    vm_config,
    vm_create,
    vm_disks,
    vm_power,
    vm_snapshots,
)
from lab.proxmox.tasks import Step

BEGINS: dict[str, Step] = {
    "apply_sdn": sdn.begin_apply,
    "config": vm_config.begin_config,
    "delete_snapshot": vm_snapshots.begin_delete,
    "delete_volume": contents.begin_delete_volume,
    "destroy": vm_power.begin_destroy,
    "move_disk": vm_disks.begin_move,
    "reboot": vm_power.begin_reboot,
    "resize": vm_disks.begin_resize,
    "rollback": vm_snapshots.begin_rollback,
    "shutdown": vm_power.begin_shutdown,
    "snapshot": vm_snapshots.begin_create,
    "start": vm_power.begin_start,
    "stop": vm_power.begin_stop,
    "template": vm_clone.begin_template,
    "vzdump": backups.begin_vzdump,
}

FINISHES: dict[str, Step] = {
    "clone": vm_clone.finish_clone,
    "config": vm_config.finish_config,
    "create": vm_create.finish_create,
    "create!": vm_create.undo_create,
    "delete_snapshot": vm_snapshots.finish_delete,
    "delete_volume": contents.finish_delete_volume,
    "destroy": vm_power.finish_destroy,
    "download": contents.finish_download,
    "move_disk": vm_disks.finish_move,
    "reboot": vm_power.finish_reboot,
    "reload_node": sdn.finish_reload,
    "resize": vm_disks.finish_resize,
    "restore": vm_create.finish_restore,
    "restore!": vm_create.undo_create,
    "rollback": vm_snapshots.finish_rollback,
    "shutdown": vm_power.finish_shutdown,
    "snapshot": vm_snapshots.finish_create,
    "start": vm_power.finish_start,
    "stop": vm_power.finish_stop,
    "template": vm_clone.finish_template,
    "upload": contents.finish_upload,
    "vzdump": backups.finish_vzdump,
    "vzdump!": backups.undo_vzdump,
}
