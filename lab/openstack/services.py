"""Which processes make the cloud, and how each is started."""

from collections.abc import Iterable
from pathlib import Path

from lab.openstack import environment
from lab.openstack.settings import HOST, Settings
from lab.process import Daemons

# What speaks HTTP: the WSGI application of each, and the variables by which it finds its configuration.
_APIS = {
    "keystone": ("keystone.wsgi.api", {"OS_KEYSTONE_CONFIG_DIR": "keystone"}),
    "placement": ("placement.wsgi.api", {"OS_PLACEMENT_CONFIG_DIR": "placement"}),
    "glance": ("glance.wsgi.api", {"OS_GLANCE_CONFIG_DIR": "glance"}),
    "nova": ("nova.wsgi.osapi_compute", {"OS_NOVA_CONFIG_DIR": "nova"}),
    "neutron": (
        "neutron.wsgi.api",
        {"OS_NEUTRON_CONFIG_DIR": "neutron", "OS_NEUTRON_CONFIG_FILES": "neutron/neutron.conf"},
    ),
}
APIS = tuple(_APIS)
WORKERS = ("nova-conductor", "nova-scheduler", "nova-compute")

# gthread, and not uwsgi, whose HTTP port ends kept connections and breaks uploads in chunks.
_GUNICORN = ("-k", "gthread", "-w", "1", "--threads", "8", "--keep-alive", "30", "--timeout", "300")


def start(names: Iterable[str], folder: Path, settings: Settings, daemons: Daemons) -> None:
    """Returns at once; those that run already are left alone."""
    for name in names:
        argv, extra = _api(name, folder, settings) if name in _APIS else (_worker(name, folder), {})
        daemons.spawn(name, argv, env={**environment.variables(), **extra})


def _worker(name: str, folder: Path) -> list[str]:
    return [environment.program(name), "--config-file", str(folder / "etc" / "nova" / "nova.conf")]


def _api(name: str, folder: Path, settings: Settings) -> tuple[list[str], dict[str, str]]:
    module, places = _APIS[name]
    variables = {variable: str(folder / "etc" / place) for variable, place in places.items()}
    address = ["-b", f"{HOST}:{settings.port(name)}", "--graceful-timeout", "3", "--no-control-socket"]
    argv = [environment.program("gunicorn"), *_GUNICORN, *address, "lab_inside_wsgi:application"]
    return argv, {**variables, "LAB_WSGI": module}
