"""An emulator of the Proxmox VE 9 and Proxmox Backup Server 4 calls that the product makes.

Why it exists: both are on no package registry, and what a client must know about them (a 200 with a UPID proves
nothing, domain errors are 500 with the text in the reason line, privilege separation, locks) is learned on the
wire only. `proxmoxer` runs against it unchanged over real HTTPS; what it may answer is what a real 9.2.11 was
recorded to answer and what the published schemas allow (`tests/lab/proxmox`).

The schemas and the recordings are the Proxmox project's (AGPL) and stay outside the repository: they are found
through `MCLOUD_PROXMOX_DATA`, or in `../shared/data` beside the checkout. Without them the emulator checks neither
parameters nor answers nor the permissions that the schema names, and says so in its status.

Not imitated: containers, guests (a guest answers neither agent nor ACPI until the control says that it does), the
data of disks and backups (sizes and dates only), replication between nodes, notification and metrics.
"""
