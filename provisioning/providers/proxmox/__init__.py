"""Proxmox VE and Backup Server: pools, users, tokens and machines. Not in this release; no level uses it."""
