"""Everybody, for each test of this folder."""

from tests.personas import world

__all__ = ["world"]
