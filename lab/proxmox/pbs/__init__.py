"""Proxmox Backup Server 4 beside the emulated cluster, by its schema: no exchange with a real one was recorded.

Statuses follow its habits (403 for a missing privilege, 404 for what is not there, 400 for the rest, the text in
the reason line), but a client must not match on its words. Backups come by the control or by a vzdump of the
emulated cluster; the backup protocol itself is not here.
"""
