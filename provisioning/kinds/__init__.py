"""The registry of kinds: read it from top to bottom."""

from typing import Final

from provisioning.kinds import backup_server, ceph, openstack, proxmox
from provisioning.kinds.base import Kind

KINDS: Final[dict[str, Kind]] = {
    "ceph.user": ceph.USER,
    "ceph.key": ceph.KEY,
    "ceph.bucket": ceph.BUCKET,
    "ceph.door": ceph.DOOR_KIND,
    "openstack.project": openstack.PROJECT,
    "openstack.user": openstack.USER,
    "openstack.group": openstack.GROUP,
    "openstack.grant": openstack.GRANT,
    "openstack.credential": openstack.CREDENTIAL,
    "openstack.network": openstack.NETWORK,
    "openstack.subnet": openstack.SUBNET,
    "openstack.router": openstack.ROUTER,
    "openstack.security_group": openstack.SECURITY_GROUP,
    "openstack.image": openstack.IMAGE,
    "openstack.port": openstack.PORT,
    "openstack.server": openstack.SERVER,
    "openstack.server_image": openstack.SERVER_IMAGE,
    "proxmox.pool": proxmox.POOL,
    "proxmox.user": proxmox.USER,
    "proxmox.grant": proxmox.GRANT,
    "proxmox.token": proxmox.TOKEN,
    "proxmox.network": proxmox.NETWORK,
    "proxmox.image": proxmox.IMAGE,
    "proxmox.guest": proxmox.GUEST,
    "proxmox.snapshot": proxmox.SNAPSHOT,
    "proxmox.backup_namespace": backup_server.NAMESPACE,
    "proxmox.backup_user": backup_server.USER,
    "proxmox.backup_token": backup_server.TOKEN,
    "proxmox.backup_grant": backup_server.GRANT,
    "proxmox.backup_job": backup_server.JOB,
    "proxmox.guest_backup": backup_server.GUEST_BACKUP,
}
