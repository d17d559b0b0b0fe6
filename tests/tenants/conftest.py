"""Everybody, for each test of this folder; a real PostgreSQL and a real mail server for those that ask."""

from lab.fixtures import postgres_lab
from tests.personas import world
from tests.smtp import mailbox

__all__ = ["mailbox", "postgres_lab", "world"]
