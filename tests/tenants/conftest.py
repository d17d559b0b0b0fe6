"""Everybody, for each test of this folder; and a real PostgreSQL for those that ask."""

from lab.fixtures import postgres_lab
from tests.personas import world

__all__ = ["postgres_lab", "world"]
