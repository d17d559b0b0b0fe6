"""The second compute host: libvirt and QEMU, so that a town's image really boots. Emulated (TCG), wherever we run.

libvirtd has its configuration, state and users in fixed places of the machine. It runs in a mount namespace of its
own, in which those places are folders of ours: nothing of another libvirt is read, nothing of ours is left.
"""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from lab.deadline import wait_until
from lab.openstack import conf, environment
from lab.openstack.settings import Settings
from lab.process import Daemons, Identity, identify

HOST_NAME, ZONE = "qemu", "qemu"
LIBVIRTD, COMPUTE = "libvirtd", "nova-compute-qemu"
NEEDED = ("libvirtd", "qemu-system-x86_64", "qemu-img", "ip", "unshare")

# The user that Debian's libvirt is built to look for at its start, although qemu.conf names another.
_USER = "libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin\n"
_GROUP = "libvirt-qemu:x:64055:\n"

# No other user, no labels, no namespaces, no cgroups, no virtlogd: a lab's machine may have none of them.
_QEMU_CONF = """\
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""

_LIBVIRTD_CONF = """\
listen_tls = 0
unix_sock_dir = "{folder}"
auth_unix_rw = "none"
log_outputs = "3:stderr"
"""

# Which place of the machine is which of our folders or files, in the namespace alone.
_FOLDERS = {
    "/etc/libvirt": "etc",
    "/var/lib/libvirt": "lib",
    "/var/cache/libvirt": "cache",
    "/var/log/libvirt": "log",
    "/run/libvirt": "run",
}
_FILES = {"/etc/passwd": "passwd", "/etc/group": "group"}

# Debian's programs stand where a plain user's PATH does not look.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def possible() -> bool:
    """Network devices and mounts need root; without it, or without the packages, there is no such host."""
    return os.geteuid() == 0 and all(shutil.which(name, path=_PATH) for name in NEEDED)


class QemuHost:
    def __init__(self, folder: Path, daemons: Daemons) -> None:
        self._lab = folder
        self._folder = folder / "libvirt"
        self._daemons = daemons

    def start(self, settings: Settings) -> None:
        self._lay_out()
        self._configure_nova(settings)
        binds = [f"mount --bind {self._folder / ours} {place}" for place, ours in (_FOLDERS | _FILES).items()]
        options = f"-f {self._folder / 'libvirtd.conf'} --pid-file {self._folder / 'libvirtd.pid'}"
        script = " && ".join([*binds, f"exec libvirtd {options}"])
        argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
        self._daemons.spawn(LIBVIRTD, argv, env={"PATH": _PATH, "LANG": "C.UTF-8"})
        wait_until("libvirt listening", self._listens, timeout_s=60)
        files = [word for name in ("nova.conf", "qemu.conf") for word in ("--config-file", str(self._nova(name)))]
        self._daemons.spawn(COMPUTE, [environment.program("nova-compute"), *files], env=environment.variables())

    def end_guests(self) -> None:
        """Ends the guests, which libvirt lets live on by itself, and takes away their network devices."""
        guests = self._guests()
        for guest in guests:
            guest.send(signal.SIGKILL)
        wait_until("the end of the guests", lambda: not any(guest.alive() for guest in guests), timeout_s=20)
        for device in self._devices():
            subprocess.run(["ip", "link", "delete", device], capture_output=True, check=False)

    def _lay_out(self) -> None:
        for place, ours in _FOLDERS.items():
            Path(place).mkdir(parents=True, exist_ok=True)
            (self._folder / ours).mkdir(parents=True, exist_ok=True)
        for (place, ours), line in zip(_FILES.items(), (_USER, _GROUP), strict=True):
            text = Path(place).read_text()
            (self._folder / ours).write_text(text if "libvirt-qemu:" in text else text + line)
        (self._folder / "etc" / "qemu.conf").write_text(_QEMU_CONF)
        (self._folder / "libvirtd.conf").write_text(_LIBVIRTD_CONF.format(folder=self._folder))

    def _configure_nova(self, settings: Settings) -> None:
        state = self._lab / "nova-qemu"
        (state / "instances").mkdir(parents=True, exist_ok=True)
        helper = f"{environment.program('privsep-helper')} --config-file {self._nova('nova.conf')}"
        roots = ("privsep", "nova_sys_admin", "vif_plug_linux_bridge_privileged", "vif_plug_ovs_privileged")
        conf.write(
            self._nova("qemu.conf"),
            {
                "DEFAULT": {
                    "host": HOST_NAME,
                    "compute_driver": "libvirt.LibvirtDriver",
                    "state_path": state,
                    "instances_path": state / "instances",
                    "force_raw_images": False,
                    "flat_injected": False,
                    "shutdown_timeout": 3,
                },
                "libvirt": {
                    "virt_type": "qemu",
                    "connection_uri": f"qemu:///system?socket={self._socket}",
                    "cpu_mode": "none",
                    "hw_machine_type": "x86_64=pc",
                    "images_type": "qcow2",
                    "inject_partition": -2,
                    "disk_cachemodes": "file=unsafe",
                    "swtpm_enabled": False,
                },
                "spice": {"enabled": False},
                "workarounds": {"disable_fallback_pcpu_query": True},
                # We are root already: the helpers need no sudo.
                **{section: {"helper_command": helper} for section in (*roots, "privsep_osbrick")},
            },
        )

    def _nova(self, name: str) -> Path:
        return self._lab / "etc" / "nova" / name

    @property
    def _socket(self) -> Path:
        return self._folder / "libvirt-sock"

    def _listens(self) -> bool:
        self._daemons.check([LIBVIRTD])
        return self._socket.is_socket()

    def _guests(self) -> list[Identity]:
        """The QEMU processes whose disks are ours: a pid file alone may be older than the pid."""
        pids = [int(file.read_text()) for file in (self._folder / "run" / "qemu").glob("*.pid")]
        ours = str(self._lab).encode()
        found = [identify(pid) for pid in pids if ours in _command_line(pid)]
        return [guest for guest in found if guest]

    def _devices(self) -> set[str]:
        texts = [file.read_text() for file in (self._folder / "etc" / "qemu").glob("*.xml")]
        return {name for text in texts for name in re.findall(r"<target dev='(tap[0-9a-f-]{11})'", text)}


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
