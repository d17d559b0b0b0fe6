"""Everybody; and as many rows as a test makes."""

from tests.personas import world

__all__ = ["world"]
