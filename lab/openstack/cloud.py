"""The cloud's life: made, started, looked at, ended.

Order of a first `up`: environment → MariaDB and RabbitMQ → databases → Keystone → catalogue → prepared state
kept → the other services → compute hosts known. Later ones unpack the prepared state and go on from there.
"""

import shutil
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from lab import ports
from lab.deadline import file_lock, wait_until
from lab.openstack import catalogue, conf, databases, environment, heartbeats, prepared, qemu, services
from lab.openstack.mariadb import MariaDB
from lab.openstack.rabbit import RabbitMQ
from lab.openstack.settings import HOST, PORTS, Passwords, Settings
from lab.process import Daemons
from lab.system import LabError, Options, State, Status

# Assumption: a machine with two busy cores needs four times what an idle one does (45 s).
START_S = 180


class OpenStack:
    def __init__(self, options: Options) -> None:
        self.folder = options.folder
        self._daemons = Daemons(self.folder)
        self._mariadb = MariaDB(self.folder, self._daemons)
        self._rabbitmq = RabbitMQ(self.folder, self._daemons)
        self._qemu = qemu.QemuHost(self.folder, self._daemons)

    @property
    def settings(self) -> Settings:
        settings = Settings.load(self.folder)
        if settings is None:
            raise LabError(f"There is no OpenStack in {self.folder}; `python -m lab up openstack` makes one.")
        return settings

    @property
    def url(self) -> str:
        """Keystone's, from which a client finds the rest."""
        return self.settings.endpoint("identity")

    def administrator(self, settings: Settings | None = None) -> Any:
        """An openstacksdk connection with every right."""
        return catalogue.connect(settings or self.settings)

    # The four verbs of lab.system.System.

    def up(self) -> None:
        if Settings.load(self.folder):
            self.start()
            return
        # What is left of an `up` that did not reach its end is nothing that anyone relies on.
        self.down(keep=False)
        environment.ensure()
        self.folder.mkdir(parents=True)
        first_port = ports.free_block(len(PORTS))
        with file_lock(environment.CACHE / "prepared.lock"):
            passwords = prepared.unpack(self.folder)
            settings = Settings(first_port, passwords or Passwords.new())
            if passwords is None:
                self._prepare(settings)
        self._run(settings)
        settings.save(self.folder)

    def start(self) -> None:
        settings = self.settings
        environment.ensure()
        self._run(settings)

    def status(self) -> Status:
        settings = Settings.load(self.folder)
        if settings is None:
            return Status(State.ABSENT, f"No OpenStack in {self.folder}.")
        if not self._daemons.alive():
            return Status(State.STOPPED, f"Stopped; its data are in {self.folder}.")
        silent = [*self._daemons.dead(), *(name for name in services.APIS if not _answers(settings, name))]
        if silent:
            return Status(State.DEGRADED, f"Not answering: {', '.join(dict.fromkeys(silent))}.", self.url)
        silent = heartbeats.silent(self.administrator())
        if silent:
            return Status(State.DEGRADED, f"No heartbeat from {', '.join(silent)}.", self.url)
        return Status(State.HEALTHY, "Every service answers, every compute host is up.", self.url)

    def down(self, *, keep: bool) -> None:
        if not keep:
            self._daemons.stop(by=signal.SIGKILL)
            self._qemu.end_guests()
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        # Those who ask first, then those who are asked.
        self._daemons.stop([qemu.COMPUTE, *services.WORKERS, *services.APIS])
        self._daemons.stop()
        self._qemu.end_guests()

    # How `up` goes.

    def _prepare(self, settings: Settings) -> None:
        conf.write_all(self.folder, settings)
        self._mariadb.make()
        self._mariadb.start(settings.port("mariadb"))
        databases.fill(self.folder, settings, self._mariadb)
        services.start(["keystone"], self.folder, settings, self._daemons)
        self._wait("Keystone answering", lambda: _answers(settings, "keystone"))
        catalogue.fill(settings)
        self._daemons.stop(["keystone"])
        self._mariadb.stop()
        prepared.keep(self.folder, settings.passwords)

    def _run(self, settings: Settings) -> None:
        since = datetime.now(UTC)
        conf.write_all(self.folder, settings)
        self._mariadb.start(settings.port("mariadb"))
        self._rabbitmq.start(settings)
        catalogue.move(settings, self._mariadb)
        services.start(services.APIS, self.folder, settings, self._daemons)
        self._rabbitmq.ready(settings)
        services.start(["nova-conductor"], self.folder, settings, self._daemons)
        self._wait("Keystone answering", lambda: _answers(settings, "keystone"))
        services.start(services.WORKERS, self.folder, settings, self._daemons)
        boots = qemu.possible()
        if boots:
            self._qemu.start(settings)
        for name in services.APIS:
            self._wait(f"{name} answering", partial(_answers, settings, name))
        catalogue.furnish(settings)
        cloud, hosts = self.administrator(settings), {conf.FAKE_HOST, *([qemu.HOST_NAME] if boots else [])}
        self._wait("the compute hosts known and alive", lambda: heartbeats.heard(cloud, hosts, since))
        catalogue.open_zone(settings, conf.FAKE_HOST, conf.FAKE_HOST)
        if boots:
            catalogue.open_zone(settings, qemu.ZONE, qemu.HOST_NAME)

    def _wait(self, what: str, condition: Callable[[], object]) -> None:
        """Waits, and says at once when a daemon died meanwhile that was alive at the beginning."""
        watched = self._daemons.alive()

        def happened() -> object:
            self._daemons.check(watched)
            return condition()

        wait_until(what, happened, timeout_s=START_S, every_s=0.3)


def _answers(settings: Settings, name: str) -> bool:
    """Whether it speaks HTTP without an error of its own; 300 and 401 are answers too."""
    try:
        urllib.request.urlopen(f"http://{HOST}:{settings.port(name)}/", timeout=30).close()
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
    return True
