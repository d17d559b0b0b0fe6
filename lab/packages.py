"""The distribution's packages that the real systems need: on a fresh Debian or Ubuntu, the whole set-up.

A package's services must not start: they would sit on the usual ports with the usual data. Debian's way to
say so is a `policy-rc.d` that answers 101 ("forbidden"); it is put in place for the length of the
installation, and whatever was there before comes back.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.system import LabError

GROUPS = {
    "ceph": (
        "ceph-mon",
        "ceph-mgr",
        "ceph-osd",
        "ceph-mds",
        "radosgw",
        "ceph-base",
        "ceph-common",
        "python3-rados",
        "python3-rbd",
        "python3-cephfs",
    ),
    "gateway": ("rclone",),
    # What minutes are drawn with; without it the portal offers the page to print.
    "paper": ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core"),
    "openstack": (
        "mariadb-server-core",
        "mariadb-client-core",
        "rabbitmq-server",
        "libvirt-daemon",
        "libvirt-daemon-driver-qemu",
        "python3-libvirt",
        "qemu-system-x86",
        "qemu-utils",
        "iproute2",
        # What the image of a drill is made of.
        "busybox-static",
        "cpio",
        "grub-common",
        "grub-pc-bin",
        "mtools",
        "xorriso",
    ),
    "services": ("postgresql", "redis-server", "gettext"),
    "clients": ("rclone", "restic", "s3cmd", "awscli", "curl", "openssh-client", "python3-swiftclient"),
    "browser": ("chromium",),
}

POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = "#!/bin/sh\n# Put here by `python -m lab install`, which removes it when it ends.\nexit 101\n"

# Assumption: another package manager on the same machine ends within ten minutes; then apt-get goes on.
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=600", "-y")


def install(groups: Sequence[str]) -> None:
    """Installs what is missing of the named groups (all when none are named); says what it does.

    Raises `LabError` for an unknown group, another distribution, no rights, or a failing apt-get.
    """
    unknown = [group for group in groups if group not in GROUPS]
    if unknown:
        raise LabError(f"There is no group called {unknown[0]!r}; there are {', '.join(GROUPS)}.")
    wanted = [package for group in (groups or GROUPS) for package in GROUPS[group]]
    missing = missing_packages(wanted)
    if not missing:
        print("Everything is installed.")
        return
    if os.geteuid() != 0:
        _again_through_sudo(groups)
        return
    print(f"Installing {' '.join(missing)}.")
    with _services_held_back():
        _install_packages(missing)


def missing_packages(names: Sequence[str]) -> list[str]:
    """Those of `names` that are not fully installed, in their order."""
    if not shutil.which("dpkg-query"):
        raise LabError("This is neither Debian nor Ubuntu (no dpkg-query): install the systems by hand.")
    asked = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n", *names]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in answer.splitlines() if line.split()[1:2] == ["ii"]}
    return [name for name in names if name not in installed]


def _again_through_sudo(groups: Sequence[str]) -> None:
    sudo = shutil.which("sudo")
    if sudo is None:
        raise LabError("Packages are installed by root; run this as root, or install sudo.")
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sudo, sys.executable, "-m", "lab", "install", *groups], cwd=root, check=False)
    if done.returncode:
        raise LabError("The installation through sudo did not succeed; its own words are above.")


def _all_known(names: Sequence[str]) -> bool:
    """Whether apt has a candidate for each; on a fresh machine its lists are empty."""
    answer = subprocess.run(["apt-cache", "policy", *names], capture_output=True, text=True, check=False).stdout
    candidates = [line for line in answer.splitlines() if line.strip().startswith("Candidate:")]
    return len(candidates) == len(names) and not any("(none)" in line for line in candidates)


def _install_packages(names: Sequence[str]) -> None:
    """Refreshes apt's lists once, and only when they lack a package or name files that are gone."""
    if _all_known(names):
        try:
            _apt("install", "--no-install-recommends", *names)
        except LabError:
            print("Trying once more with fresh package lists.")
        else:
            return
    _apt("update")
    _apt("install", "--no-install-recommends", *names)


def _apt(*words: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run([*APT, *words], env=environment, check=False).returncode:
        raise LabError(f"`apt-get {' '.join(words)}` failed; its own words are above.")


@contextmanager
def _services_held_back() -> Iterator[None]:
    before = (POLICY.read_bytes(), POLICY.stat().st_mode) if POLICY.exists() else None
    POLICY.write_text(POLICY_TEXT)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if before is None:
            POLICY.unlink(missing_ok=True)
        else:
            POLICY.write_bytes(before[0])
            POLICY.chmod(before[1])
