"""What an uploaded image is, found out in a process that can do nothing else.

Nothing here knows the portal: whoever parses a stranger's file has neither its settings nor its secrets.
"""
