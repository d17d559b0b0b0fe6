"""The lab ends only what it started, and real PostgreSQL and Redis fail the way tests rely on."""

import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
import redis

from lab.ceph import binding
from lab.deadline import wait_until
from lab.postgres import Postgres
from lab.process import Daemons, identify
from lab.redis import Redis
from lab.registry import ROOT
from lab.system import LabError, Options, State


def test_a_stranger_with_the_pid_of_our_dead_daemon_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        now = identify(stranger.pid)
        assert now is not None
        ours = replace(now, started=now.started - 1)
        assert not ours.alive()
        assert not ours.send(signal.SIGKILL)
        assert now.alive()
        stranger.kill()


def test_a_daemon_is_found_and_ended_by_whoever_comes_next(tmp_path: Path) -> None:
    Daemons(tmp_path).spawn("patient", ["sleep", "600"])
    later = Daemons(tmp_path)
    assert later.alive() == ["patient"]
    later.stop()
    assert later.dead() == ["patient"]


def test_a_daemon_deaf_to_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = "import signal as s; s.signal(s.SIGTERM, s.SIG_IGN); print('deaf', flush=True); s.pause()"
    daemons = Daemons(tmp_path)
    daemons.spawn("deaf", [sys.executable, "-c", deaf])
    wait_until("its deafness", lambda: daemons.tail("deaf").startswith("deaf"), timeout_s=10)
    daemons.stop(timeout_s=0.2)
    assert not daemons.alive()


def test_a_daemon_whose_first_thread_has_ended_runs_until_the_last_one_has(tmp_path: Path) -> None:
    """Killed, each thread goes by itself; until the last one has, its port is taken."""
    headless = (
        "import ctypes, os, threading, time; threading.Thread(target=time.sleep, args=(600,)).start();"
        "ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)"  # exit: this thread alone
    )
    daemons = Daemons(tmp_path)
    identity = daemons.spawn("headless", [sys.executable, "-c", headless])
    wait_until("the end of the first", lambda: _state(identity.pid) == "Z", timeout_s=10)
    assert daemons.alive() == ["headless"]
    daemons.stop(by=signal.SIGKILL)
    assert daemons.dead() == ["headless"]


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_what_a_killed_daemon_had_started_is_killed_too(tmp_path: Path) -> None:
    daemons = Daemons(tmp_path)
    daemons.spawn("parent", ["sh", "-c", "sleep 600 & echo $!; wait"])
    wait_until("its child", lambda: daemons.tail("parent").endswith("\n"), timeout_s=10)
    child = identify(int(daemons.tail("parent")))
    assert child is not None
    daemons.stop(by=signal.SIGKILL)
    assert not child.alive()


def test_a_daemon_that_died_is_named_with_its_last_words(tmp_path: Path) -> None:
    daemons = Daemons(tmp_path)
    daemons.spawn("brief", ["sh", "-c", "echo the disk is full; exit 1"])
    daemons.stop()
    with pytest.raises(LabError, match=r"brief died"):
        daemons.check()


def test_the_binding_says_which_package_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "DIST_PACKAGES", tmp_path)
    with pytest.raises(LabError, match="python3-rados is not installed; run `python -m lab install ceph`"):
        binding.ensure()


def test_the_bindings_command_binds_or_says_why_not(tmp_path: Path) -> None:
    """The image and `make up REGION=lab` go by its end alone."""
    venv.create(tmp_path)
    python = str(tmp_path / "bin" / "python")
    command = [python, "-m", "lab.ceph.binding"]
    bound = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    loads = subprocess.run([python, "-c", "import rados"], capture_output=True, check=False).returncode == 0
    assert loads if bound.returncode == 0 else "LabError" in bound.stderr


def test_the_binding_refuses_another_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rados.cpython-39-x86_64-linux-gnu.so").touch()
    monkeypatch.setattr(binding, "DIST_PACKAGES", tmp_path)
    with pytest.raises(LabError, match=r"built as rados\.cpython-39"):
        binding.ensure()


def options(folder: Path) -> Options:
    """Of a server of the test's own: what is crashed here must be nobody else's."""
    return Options(base=folder, folder=folder / "own")


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(options(tmp_path))
    server.up()
    yield server
    server.down(keep=False)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(options(tmp_path))
    server.up()
    yield server
    server.down(keep=False)


@pytest.mark.real
def test_the_shared_servers_are_healthy(postgres_lab: Postgres, redis_lab: Redis) -> None:
    assert postgres_lab.status().state is State.HEALTHY
    assert redis_lab.status().state is State.HEALTHY


@pytest.mark.real
def test_what_postgresql_committed_outlives_a_crash(own_postgres: Postgres) -> None:
    before = psycopg2.connect(own_postgres.url)
    rows = before.cursor()
    rows.execute("CREATE TABLE crash (word text)")
    rows.execute("INSERT INTO crash VALUES ('committed')")
    before.commit()
    rows.execute("INSERT INTO crash VALUES ('in the middle')")
    own_postgres.crash_restart()
    with psycopg2.connect(own_postgres.url) as after:
        rows = after.cursor()
        rows.execute("SELECT word FROM crash")
        assert rows.fetchall() == [("committed",)]
    after.close()


@pytest.mark.real
def test_a_frozen_redis_accepts_and_says_nothing_until_it_is_thawed(own_redis: Redis) -> None:
    client = redis.Redis.from_url(own_redis.url, socket_timeout=0.5)
    client.set("kept", "yes")
    own_redis.freeze()
    try:
        with pytest.raises(redis.TimeoutError):
            client.get("kept")
        assert own_redis.status().state is State.DEGRADED
    finally:
        own_redis.thaw()
    assert client.get("kept") == b"yes"


@pytest.mark.real
def test_what_redis_appended_outlives_a_kill(own_redis: Redis) -> None:
    client = redis.Redis.from_url(own_redis.url)
    client.set("appended", "yes")
    own_redis.kill()
    own_redis.start()
    assert client.get("appended") == b"yes"
