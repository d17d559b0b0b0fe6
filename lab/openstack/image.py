"""A bootable disk of 16 MB for drills, made from distribution packages: Debian's cloud kernel and busybox.

What it does when it boots is to say so on the serial line, in three lines that a test can read.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from lab.openstack import environment
from lab.process import run_checked
from lab.system import LabError

KERNEL = "linux-image-cloud-amd64"
BUSYBOX = Path("/bin/busybox")
MARKER = b"A town that came back.\n"
MARKER_SHA256 = hashlib.sha256(MARKER).hexdigest()

# Its last line waits for ever: the first process of a machine must not end.
_INIT = """\
#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev
exec > /dev/ttyS0 2>&1
echo "BOOT-OK kernel $(uname -r) after $(cut -d' ' -f1 /proc/uptime) s"
echo "MEMORY $(awk '/MemTotal/ {print $2}' /proc/meminfo) kB"
echo "MARKER $(sha256sum /etc/marker | cut -d' ' -f1)"
while :; do sleep 3600; done
"""

_GRUB = """\
serial --unit=0 --speed=115200
terminal_output serial
set timeout=0
menuentry drill {
    linux /boot/vmlinuz console=ttyS0 quiet panic=-1
    initrd /boot/initrd
}
"""


def drill_image() -> Path:
    """The qcow2 file, made at the first call (10 s) and kept beside the environment."""
    kept = environment.CACHE / f"drill-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}.qcow2"
    if kept.exists():
        return kept
    environment.CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=environment.CACHE) as place:
        work = Path(place)
        tree = work / "disk"
        (tree / "boot" / "grub").mkdir(parents=True)
        (tree / "boot" / "grub" / "grub.cfg").write_text(_GRUB)
        shutil.copy(_kernel(work), tree / "boot" / "vmlinuz")
        (tree / "boot" / "initrd").write_bytes(_initrd(work / "root"))
        run_checked(["grub-mkrescue", "-o", str(work / "disk.iso"), str(tree)])
        run_checked(["qemu-img", "convert", "-c", "-O", "qcow2", str(work / "disk.iso"), str(work / "disk.qcow2")])
        (work / "disk.qcow2").replace(kept)
    return kept


def _kernel(work: Path) -> Path:
    """Out of its package, which is fetched and not installed: its dependencies would change the machine."""
    found = re.search(r"Depends: (linux-image-\S+)", run_checked(["apt-cache", "depends", KERNEL]))
    if found is None:
        raise LabError(f"apt knows no {KERNEL}; `apt-get update` may help, and Debian on amd64 is needed.")
    fetch = subprocess.run(
        ["apt-get", "download", found[1]], cwd=work, capture_output=True, text=True, timeout=300, check=False
    )
    if fetch.returncode:
        raise LabError(f"The kernel {found[1]} could not be fetched: {fetch.stderr.strip()}")
    (package,) = work.glob("*.deb")
    run_checked(["dpkg-deb", "-x", str(package), str(work / "kernel")])
    (kernel,) = (work / "kernel" / "boot").glob("vmlinuz-*")
    return kernel


def _initrd(root: Path) -> bytes:
    for name in ("bin", "dev", "etc", "proc", "sys"):
        (root / name).mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "bin" / "busybox")
    for applet in ("sh", "mount", "uname", "cut", "awk", "sha256sum", "sleep"):
        (root / "bin" / applet).symlink_to("busybox")
    (root / "etc" / "marker").write_bytes(MARKER)
    init = root / "init"
    init.write_text(_INIT)
    init.chmod(0o755)
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    pack = ["cpio", "--quiet", "-o", "-H", "newc"]
    return subprocess.run(pack, cwd=root, input=names.encode(), capture_output=True, check=True).stdout
