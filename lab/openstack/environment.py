"""The Python environment of OpenStack's services: their own, locked, made once for every lab of this checkout.

198 packages that the portal must never import. Bytecode is compiled while installing: without it every start of
every service reads half a gigabyte of sources again.
"""

import os
import shutil
import sys
import venv
from pathlib import Path

from lab.deadline import file_lock
from lab.process import run_checked
from lab.registry import ROOT
from lab.system import LabError

CACHE = ROOT / ".run" / "openstack"
FOLDER = CACHE / "venv"
LOCK_FILE = ROOT / "requirements" / "openstack.txt"
INSIDE = Path(__file__).parent / "inside"

# The stamp holds the lock that was installed; it is written last.
_STAMP = FOLDER / "installed.txt"

# Assumption: a slow index and a cold cache need ten minutes at most.
_INSTALL_S = 600

# Debian's own binding, for the QEMU host; PyPI has it in source only.
_DIST_PACKAGES = Path("/usr/lib/python3/dist-packages")


def ensure() -> None:
    """Makes the environment, or brings it to the lock; does nothing when it is there. `LabError` when it cannot."""
    with file_lock(CACHE / "venv.lock"):
        if not (_STAMP.exists() and _STAMP.read_text() == LOCK_FILE.read_text()):
            print(f"Installing OpenStack into {FOLDER}.", flush=True)
            _install()
        _link_libvirt()


def program(name: str) -> str:
    """The path of one of its commands."""
    return str(FOLDER / "bin" / name)


def variables() -> dict[str, str]:
    """What its processes find in their environment: nothing of ours but a language and where its programs are.

    PYTHONDONTWRITEBYTECODE, often set on build machines, would triple the start; OS_… would be taken for settings.
    """
    path = f"{FOLDER / 'bin'}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return {"PATH": path, "PYTHONPATH": str(INSIDE), "LANG": "C.UTF-8", "HOME": str(CACHE)}


def _install() -> None:
    _STAMP.unlink(missing_ok=True)
    if not (FOLDER / "bin" / "python").exists():
        venv.create(FOLDER, with_pip=False, clear=True)
    words = ["pip", "sync", "--quiet", "--compile-bytecode", "--python", program("python"), str(LOCK_FILE)]
    run_checked([_uv(), *words], timeout_s=_INSTALL_S)
    _STAMP.write_text(LOCK_FILE.read_text())


def _uv() -> str:
    ours = ROOT / ".run" / "tools" / "bin" / "uv"
    found = str(ours) if ours.exists() else shutil.which("uv")
    if found is None:
        raise LabError("OpenStack's environment is made with uv; `make setup` puts it in place.")
    return found


def _link_libvirt() -> None:
    """Where the distribution has libvirt's binding; where it has not, there is no QEMU host."""
    target = FOLDER / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    for source in _DIST_PACKAGES.glob("libvirt*"):
        link = target / source.name
        if source.suffix in {".py", ".so"} and not link.is_symlink():
            link.symlink_to(source)
