"""RabbitMQ with a port mapper of its own, so that it meets no other Erlang on the machine."""

import os
from pathlib import Path

from lab import ports
from lab.deadline import wait_until
from lab.openstack.settings import HOST, Settings
from lab.process import Daemons

PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"
NAME, MAPPER = "rabbitmq", "epmd"

# Assumption: the lab's queues hold requests, never data.
_CONF = """\
default_user = lab
default_pass = {password}
loopback_users = none
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 100MB
log.file = false
log.console = true
log.console.level = warning
"""

# Two schedulers that do not spin while there is nothing to do, and no distribution to other machines.
_ERLANG = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"


class RabbitMQ:
    """The messages of a stopped cloud are nothing that anybody waits for: each start begins empty."""

    def __init__(self, folder: Path, daemons: Daemons) -> None:
        self._folder = folder / "rabbitmq"
        self._daemons = daemons

    def start(self, settings: Settings) -> None:
        """Returns at once; `ready` says when it takes connections."""
        self._folder.mkdir(exist_ok=True)
        conf = self._folder / "rabbitmq.conf"
        conf.touch(mode=0o600)
        conf.write_text(_CONF.format(password=settings.passwords.queue))
        (self._folder / "enabled_plugins").write_text("[].\n")
        variables = self._variables(settings)
        mapper = ["epmd", "-address", HOST, "-port", str(settings.port("epmd"))]
        self._daemons.spawn(MAPPER, mapper, env=variables)
        wait_until("Erlang's port mapper", lambda: self._listens(MAPPER, settings.port("epmd")), timeout_s=20)
        self._daemons.spawn(NAME, [PROGRAM], env=variables, cwd=self._folder)

    def ready(self, settings: Settings) -> None:
        wait_until("RabbitMQ listening", lambda: self._listens(NAME, settings.port("rabbit")), timeout_s=90)

    def _listens(self, name: str, port: int) -> bool:
        self._daemons.check([name])
        return ports.answers(port)

    def _variables(self, settings: Settings) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self._folder),
            # Then its script becomes the server instead of watching over it: one process, and it is ours.
            "RUNNING_UNDER_SYSTEMD": "1",
            "RABBITMQ_NODENAME": f"lab{settings.first_port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(settings.port("rabbit")),
            "RABBITMQ_DIST_PORT": str(settings.port("rabbit_dist")),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._folder),
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG,
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(settings.port("epmd")),
        }
