"""What strikes a child while it works: kill or stop at a crash point, a database statement or commit that fails.

Only what happens inside a worker's look counts; the harness's own questions between two looks do not.
"""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.db import close_old_connections, connection

from mcloud_portal import sweeper
from provisioning.domain import checkpoint
from tests.faults.strikes_list import COMMIT_LOST, COMMIT_UNSURE, LOST, STATES

EVERY: Final = -1  # stop at every crash point
DONE: Final = ("recorded",)  # a step is over here


def point_file() -> Path:
    """Where a child that stops says at which point it is."""
    return Path(os.environ["FAULTS_CLOCK"]).with_name("point")


class Halted(BaseException):
    """The end of a measured window; no worker code catches it."""


class _Met:
    """What one child met, counted while a worker's look is on."""

    def __init__(self, kill_at: int, stop_at: int, statement: int, fault: str, halt: bool, die_at: int) -> None:
        self.kill_at, self.stop_at, self.statement, self.fault, self.halt = kill_at, stop_at, statement, fault, halt
        self.die_at = die_at
        self.reached: list[str] = []
        self.statements = self.commits = 0
        self.at_work = False

    def reach(self, name: str) -> None:
        """Stands for `checkpoint.reach`."""
        self.reached.append(name)
        if len(self.reached) == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.stop_at in (len(self.reached), EVERY):
            point_file().write_text(name)
            os.kill(os.getpid(), signal.SIGSTOP)
        if self.halt and name.startswith(DONE):
            raise Halted

    def execute(self, run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Around every statement."""
        self.statements += self.at_work
        if self.at_work and self.statements == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.at_work and self.statements == self.statement:
            if self.fault == LOST:
                _cut()  # the statement itself finds it out
            if self.fault in STATES:
                _refuse(self.fault)
        return run(sql, params, many, context)

    def commit(self, real: Any) -> Any:
        """Around every commit of a transaction."""
        self.commits += self.at_work
        struck = self.at_work and self.commits == self.statement
        if struck and self.fault == COMMIT_LOST:
            _cut()
        done = real()
        if struck and self.fault == COMMIT_UNSURE:
            _cut()
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        return done


@contextmanager
def armed(
    kill_at: int = 0,
    stop_at: int = 0,
    statement: int = 0,
    fault: str = "",
    halt: bool = False,
    die_at: int = 0,
) -> Iterator[dict[str, Any]]:
    """While an act runs; what it met is in the answer. `die_at`: killed before that statement."""
    met = _Met(kill_at, stop_at, statement, fault, halt, die_at)
    answer: dict[str, Any] = {}
    real_commit, real_look = connection._commit, sweeper.run_once

    def look() -> None:
        met.at_work = True
        try:
            real_look()
        finally:
            met.at_work = False
            close_old_connections()  # as the next look would begin

    checkpoint.hook = met.reach
    connection._commit = lambda: met.commit(real_commit)  # type: ignore[method-assign]
    sweeper.run_once = look
    try:
        with connection.execute_wrapper(met.execute):
            yield answer
    except Halted:
        answer["value"] = None
    answer |= {"reached": met.reached, "statements": met.statements, "commits": met.commits}


def _refuse(state: str) -> None:
    """A real error of the driver, by way of the server, so that its class and code are the true ones."""
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION '{STATES[state]}' USING ERRCODE = '{state}'; END $$")


def _cut() -> None:
    """This very connection ends, as when the server's machine goes away."""
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)
