"""The warm fork: a process that has imported everything and holds nothing open, and forks a child for each act.

A line of JSON in, a line out. `start` forks a child that runs one function of `acts` under faults; `wait` tells
what became of it. The children of a case die, stop and talk to the database as workers do; what they do not do is
spend half a second importing Django and the cloud's SDK each time.
"""

import gc
import importlib
import json
import os
import random
import sys
import traceback
from typing import Any


def main() -> None:
    """Until standard input ends."""
    _warm()
    answers: dict[int, int] = {}
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a child prints belongs into the log
    out.write('{"ready": true}\n')
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "start":
            out.write(json.dumps({"pid": _start(asked, answers)}) + "\n")
        else:
            out.write(json.dumps(_wait(asked["pid"], answers)) + "\n")


def _warm() -> None:
    """Everything a worker imports on its way, so that no child has to; no connection is left open."""
    import django

    django.setup()
    from django.db import connections

    for module in (
        "tests.faults.canaries",
        "tests.faults.aftermath",
        "tests.faults.drills",
        "tests.faults.intermediate",
        "tests.faults.strikes",
        "mcloud_portal.celery",
        "mcloud_portal.urls",
    ):
        importlib.import_module(module)
    from tests.faults import sdk

    sdk.warm()
    connections.close_all()
    gc.collect()
    gc.freeze()


def _start(asked: dict[str, Any], answers: dict[int, int]) -> int:
    """Fork. The child's answer comes through a pipe, so that an answer half written is none."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        answers[pid] = reader
        return pid
    os.close(reader)
    _read_nothing()
    try:
        answer = _run(asked)
    except BaseException:
        answer = {"error": traceback.format_exc()}
    os.write(writer, json.dumps(answer).encode())
    os._exit(0)


def _read_nothing() -> None:
    """Something stays at 0. SQLite closes again what it got there, and with that closing, as POSIX has it, go all
    locks that the process's other threads hold on the database.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)


def _run(asked: dict[str, Any]) -> dict[str, Any]:
    from tests.faults import acts, aftermath, canaries, drills, intermediate, schedulers, strikes, towns

    random.seed(asked["chance"])  # a fork would draw its own
    modules = (acts, drills, intermediate, canaries, aftermath, towns, schedulers)
    act = next(a for a in (getattr(m, asked["act"], None) for m in modules) if a)
    with strikes.armed(**asked.get("strikes", {})) as answer:
        answer["value"] = act(**asked.get("args", {}))
    return answer


def _wait(pid: int, answers: dict[int, int]) -> dict[str, Any]:
    """`stopped`, or the end: a signal's number, or what the act answered."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"stopped": os.WSTOPSIG(status)}
    with os.fdopen(answers.pop(pid), "rb") as reader:
        text = reader.read()
    if os.WIFSIGNALED(status):
        return {"signal": os.WTERMSIG(status)}
    answer: dict[str, Any] = json.loads(text)
    return answer


if __name__ == "__main__":
    main()
