"""Reads. Nothing here writes, and nothing here asks a cloud."""
