"""`python -m lab`: real systems on this machine, loopback only, everything under one folder."""

import argparse
import signal
import sys
import time
from pathlib import Path

from lab.deadline import file_lock
from lab.registry import DEFAULT_BASE, SYSTEMS, load_system
from lab.system import DEFAULT_OSD_GIB, LabError, State, System


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--base", type=Path, default=DEFAULT_BASE, help="folder of the lab (default: .run/lab)")
    names = ", ".join(SYSTEMS)
    for verb, words in (
        ("up", "make the systems, or start what was kept"),
        ("start", "start again after down --keep"),
        ("status", "say how each is; exit 1 unless all are healthy"),
        ("down", "end the systems and remove their data"),
    ):
        sub = verbs.add_parser(verb, help=words, parents=[shared])
        many = "+" if verb in ("up", "start") else "*"
        sub.add_argument("names", nargs=many, metavar="NAME", help=f"{names} (status, down: all when none)")
        sub.add_argument("--fast-days", type=int, metavar="S", help="ceph: S seconds are a day to lifecycle rules")
        sub.add_argument("--osd-gib", type=int, default=DEFAULT_OSD_GIB, help="ceph: sparse size of each OSD, GiB")
        sub.add_argument("--keep", action="store_true", help="down: keep the data for a later start")
    site = verbs.add_parser("site", help="lose a datacenter of Ceph, or bring it back", parents=[shared])
    site.add_argument("code", help="an, pu or mc")
    site.add_argument("to", choices=("down", "up"))
    install = verbs.add_parser("install", help="put the distribution's packages in place (root or sudo)")
    install.add_argument(
        "groups",
        nargs="*",
        metavar="GROUP",
        help="ceph, gateway, openstack, services, clients, browser (default: all)",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    # A plain kill must end what we started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if asked.verb == "install":
            from lab.packages import install

            install(asked.groups)
            return 0
        if asked.verb == "site":
            return _site(asked.base, asked.code, asked.to)
        return _systems(asked)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2


def _systems(asked: argparse.Namespace) -> int:
    """Runs the verb on each system in the order given; 0 when every one ended as it should."""
    healthy = True
    for name in asked.names or _present(asked.base):
        system = load_system(name, asked.base, fast_day_s=asked.fast_days, osd_gib=asked.osd_gib)
        if asked.verb != "status":
            # Two at once on one folder would each take the other's beginnings for leftovers.
            with file_lock(asked.base / f"{name}.lock"):
                _change(name, system, asked)
        if asked.verb == "down":
            continue
        status = system.status()
        healthy = healthy and status.state is State.HEALTHY
        print(f"{name}: {status.state}. {status.message} {status.url}".rstrip())
    return 0 if healthy else 1


def _change(name: str, system: System, asked: argparse.Namespace) -> None:
    if asked.verb != "down":
        _begin(name, system, asked.verb)
        return
    system.down(keep=asked.keep)
    print(f"{name}: {'stopped, data kept' if asked.keep else 'removed'}.")


def _begin(name: str, system: System, verb: str) -> None:
    """A system that cannot be brought up leaves no process behind; its folder stays, for its logs."""
    began = time.monotonic()
    try:
        system.up() if verb == "up" else system.start()
    except BaseException:
        system.down(keep=True)
        raise
    print(f"{name}: {verb} in {time.monotonic() - began:.1f} s.")


def _present(base: Path) -> list[str]:
    return [name for name in SYSTEMS if (base / name).exists()]


def _site(base: Path, code: str, to: str) -> int:
    from lab.ceph.cluster import CephCluster

    system = load_system("ceph", base)
    assert isinstance(system, CephCluster)
    system.stop_site(code) if to == "down" else system.start_site(code)
    status = system.status()
    print(f"ceph: {status.state}. {status.message}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
