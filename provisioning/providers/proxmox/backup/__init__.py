"""Proxmox Backup Server: handlers of its kinds. Nothing of a real one was recorded, so nothing here goes by its
words: what is there is read from lists, which must show what is always there.
"""
