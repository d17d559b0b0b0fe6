"""`python -m lab.ceph.binding`: Debian's python-rados in a virtual environment, without the rest of its packages.

The package index has no wheel of it. The distribution's three compiled modules load in any CPython of the
version they were built for, so they alone are linked into a folder of ours, and a `.pth` file adds that
folder to the environment. (dist-packages as a whole on the path would shadow the environment.)
"""

import importlib.util
import os
import sys
import sysconfig
from pathlib import Path

from lab.system import LabError

DIST_PACKAGES = Path("/usr/lib/python3/dist-packages")
MODULES = ("rados", "rbd", "cephfs")
PTH_NAME = "mcloud-lab-ceph-binding.pth"
LINKS = Path(__file__).resolve().parents[2] / ".run" / "ceph-binding"


def ensure() -> None:
    """Makes `import rados` work, here at once and in later processes of this environment; may be repeated.

    Raises `LabError` when the packages are missing or were built for another Python.
    """
    if sys.prefix == sys.base_prefix:
        _require_importable()
        return
    links = _link_modules()
    pth = Path(sysconfig.get_paths()["purelib"]) / PTH_NAME
    if not pth.exists() or pth.read_text() != f"{links}\n":
        pth.write_text(f"{links}\n")
    if str(links) not in sys.path:
        sys.path.append(str(links))
    importlib.invalidate_caches()
    _require_importable()


def _link_modules() -> Path:
    LINKS.mkdir(parents=True, exist_ok=True)
    for name in MODULES:
        source = _compiled(name)
        link = LINKS / source.name
        if link.is_symlink() and link.readlink() == source:
            continue
        # A rename, so that a process importing meanwhile sees the old link or the new one.
        fresh = LINKS / f".{source.name}.{os.getpid()}"
        fresh.symlink_to(source)
        fresh.replace(link)
    return LINKS


def _compiled(name: str) -> Path:
    """The distribution's module for the Python that runs us."""
    tag = ".".join(map(str, sys.version_info[:2]))
    abi = f"cpython-{sys.version_info[0]}{sys.version_info[1]}-"
    built = sorted(DIST_PACKAGES.glob(f"{name}.cpython-*.so"))
    if not built:
        raise LabError(
            f"The package python3-{name} is not installed; run `python -m lab install ceph` "
            "(Debian 12 has it for CPython 3.11)."
        )
    for path in built:
        if sys.implementation.name == "cpython" and abi in path.name:
            return path
    raise LabError(
        f"python3-{name} of this distribution is built as {built[0].name}, and this is "
        f"{sys.implementation.name} {tag}: make the environment with the distribution's own Python "
        "(3.11 on Debian 12)."
    )


def _require_importable() -> None:
    for name in MODULES:
        if importlib.util.find_spec(name) is None:
            raise LabError(f"Python cannot find `{name}`; run `python -m lab install ceph`.")


if __name__ == "__main__":
    ensure()
