"""The cluster's life: made, started, looked at, a site lost and found, ended.

Order of `up`, each step needing the one before: keys and conf → mon and mgr → OSDs (their datacenters come
with them) → CRUSH rules and pools → RGW zone → gateway, users, MDS → healthy → SFTP and
WebDAV → region file.
"""

import json
import secrets
import shutil
import signal
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import ports
from lab.ceph import binding, crush, keyring, rgw
from lab.ceph.conf import PORTS_NEEDED, Settings, write_conf
from lab.ceph.mon import Mon
from lab.ceph.region import forget_region, write_region
from lab.deadline import file_lock, wait_until
from lab.gateway import Gateway
from lab.marche import SITE_CODES, SITES
from lab.process import Daemons, run_checked
from lab.system import LabError, Options, State, Status

REGION = "marche"
OSDS = tuple(f"osd.{number}" for number in range(len(SITES)))


def _argv(name: str, folder: Path) -> list[str]:
    """How each daemon is started, in the foreground (`-f`), on this folder's conf."""
    programs = {
        "mon.a": ["ceph-mon", "-i", "a", "--keyring", str(folder / "mon.keyring")],
        "mgr.x": ["ceph-mgr", "-i", "x"],
        "mds.a": ["ceph-mds", "-i", "a"],
        "rgw.a": ["radosgw", "-n", "client.rgw.a"],
        **{osd: ["ceph-osd", "-i", osd.removeprefix("osd.")] for osd in OSDS},
    }
    return [*programs[name], "-f", "-c", str(folder / "ceph.conf")]


class CephCluster:
    def __init__(self, options: Options) -> None:
        self._options = options
        self.folder = options.folder
        self.conf = self.folder / "ceph.conf"
        self.region_file = options.base / "region.yaml"
        self._daemons = Daemons(self.folder)
        self.gateway = Gateway(self.folder / "gateway")

    @property
    def settings(self) -> Settings:
        settings = Settings.load(self.folder)
        if settings is None:
            raise LabError(f"There is no Ceph cluster in {self.folder}; `python -m lab up ceph` makes one.")
        return settings

    @property
    def url(self) -> str:
        """The gateway's, for S3 and the admin operations alike."""
        return self.settings.rgw_url

    def keys(self, user: str) -> rgw.Keys:
        """Of `rgw.PORTAL_USER` (least caps) or `rgw.ADMIN_USER` (all of them, for tests that clean up)."""
        return rgw.read_keys(self.folder, user)

    @contextmanager
    def mon(self, timeout_s: int = 30) -> Iterator[Mon]:
        """Commands to the mon as the cluster's administrator."""
        with Mon(self.conf, timeout_s=timeout_s) as mon:
            yield mon

    # The four verbs of lab.system.System.

    def up(self) -> None:
        if Settings.load(self.folder):
            self.start()
            return
        # What is left of an `up` that did not reach its end is nothing that anyone relies on.
        self.down(keep=False)
        for name in ("run", "log", "crash", "mon.a", "mgr.x", "mds.a", "rgw.a"):
            (self.folder / name).mkdir(parents=True)
        settings = Settings(
            fsid=str(uuid.uuid4()),
            region=REGION,
            first_port=ports.free_block(PORTS_NEEDED),
            osd_gib=self._options.osd_gib,
            sts_key=secrets.token_hex(8),
            fast_day_s=self._options.fast_day_s,
        )
        self._make(settings)
        settings.save(self.folder)
        self._open(settings)

    def start(self) -> None:
        settings = self.settings
        if self._options.fast_day_s:
            settings = Settings(**(vars(settings) | {"fast_day_s": self._options.fast_day_s}))
            settings.save(self.folder)
        write_conf(self.folder, settings, SITE_CODES)
        self._spawn("mon.a", "mgr.x", *OSDS)
        with self.mon() as mon:
            self._wait("all OSDs up", lambda: self._osds_up(mon) == len(OSDS))
            self._spawn("rgw.a", "mds.a")
            self._wait_healthy(mon, settings)
        self._open(settings)

    def _open(self, settings: Settings) -> None:
        self.gateway.up(settings.rgw_url, settings.region)
        write_region(self._options.base, self.folder, settings)
        self.gateway.announce(self.region_file)

    def status(self) -> Status:
        settings = Settings.load(self.folder)
        if settings is None:
            return Status(State.ABSENT, f"No Ceph cluster in {self.folder}.")
        if not self._daemons.alive():
            return Status(State.STOPPED, f"Stopped; its data are in {self.folder}.")
        dead = self._daemons.dead()
        if dead:
            return Status(State.DEGRADED, f"Not running: {', '.join(dead)}.", settings.rgw_url)
        with self.mon(timeout_s=10) as mon:
            health, checks = self.health(mon)
        if health == "HEALTH_OK" and self._rgw_answers(settings):
            return Status(State.HEALTHY, f"HEALTH_OK; region file {self.region_file}.", settings.rgw_url)
        return Status(State.DEGRADED, f"{health}: {', '.join(checks) or 'RGW is silent'}.", settings.rgw_url)

    def down(self, *, keep: bool) -> None:
        self.gateway.down()
        if not keep:
            self._daemons.stop(by=signal.SIGKILL)
            forget_region(self._options.base, self.folder)
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        # Those who write first, then those who store, then those who keep the maps.
        for group in (("rgw.a", "mds.a"), OSDS, ("mgr.x", "mon.a")):
            self._daemons.stop(group)

    # A site is its OSD: the only thing here that holds data.

    def stop_site(self, code: str) -> None:
        """Kills the site's OSD as a power cut would, and waits until the cluster has noticed."""
        self._daemons.stop([self._osd_of(code)], by=signal.SIGKILL)
        number = SITE_CODES.index(code)
        with self.mon() as mon:
            self._wait(
                f"the loss of {code} noticed",
                lambda: not next(osd["up"] for osd in mon.command("osd dump")["osds"] if osd["osd"] == number),
            )

    def start_site(self, code: str) -> None:
        """Starts the site's OSD again; waits for a whole cluster, or just for it while another is down."""
        self._spawn(self._osd_of(code))
        with self.mon() as mon:
            if self._daemons.dead():
                running = sum(name in OSDS for name in self._daemons.alive())
                self._wait(f"{code} back", lambda: self._osds_up(mon) == running)
                return
            self._wait_healthy(mon, self.settings)

    @contextmanager
    def lost_site(self, code: str) -> Iterator[None]:
        """`stop_site` for the length of a `with`, one at a time on this machine, and whole again after it."""
        with file_lock(self.folder / "site.lock"):
            self.stop_site(code)
            try:
                yield
            finally:
                self.start_site(code)

    @staticmethod
    def health(mon: Mon) -> tuple[str, list[str]]:
        """HEALTH_OK, HEALTH_WARN or HEALTH_ERR, and the codes of the checks that say so."""
        answer = mon.command("health")
        return answer["status"], sorted(answer["checks"])

    # How `up` goes.

    def _make(self, settings: Settings) -> None:
        binding.ensure()
        write_conf(self.folder, settings, SITE_CODES)
        self._make_mon(settings, keyring.write_keyrings(self.folder))
        self._spawn("mon.a", "mgr.x")
        with self.mon() as mon:
            self._make_osds(mon)
            self._wait("all OSDs up", lambda: self._osds_up(mon) == len(OSDS))
            crush.add_rules(mon)
            crush.add_pools(mon)
            rgw.create_zone(self.conf, settings)
            self._spawn("rgw.a")
            self._make_cephfs(mon)
            self._spawn("mds.a")
            rgw.create_users(self.conf)
            self._wait_healthy(mon, settings)

    def _make_mon(self, settings: Settings, mon_keyring: Path) -> None:
        monmap = str(self.folder / "monmap")
        run_checked(
            ["monmaptool", "--create", "--fsid", settings.fsid, "--addv", "a", settings.mon_address, monmap]
        )
        source = ["--monmap", monmap, "--keyring", str(mon_keyring)]
        run_checked(["ceph-mon", "--mkfs", "-i", "a", "-c", str(self.conf), *source])
        shutil.copy(mon_keyring, self.folder / "mon.a" / "keyring")

    def _make_osds(self, mon: Mon) -> None:
        """All three are formatted side by side, each as a process of its own that ends."""
        makers = Daemons(self.folder / "mkfs")
        makers.folder.mkdir()
        for number, osd in enumerate(OSDS):
            identity, key = str(uuid.uuid4()), keyring.new_key()
            (self.folder / osd).mkdir()
            keyring.write_private(keyring.keyring_file(self.folder, osd), f"[{osd}]\n\tkey = {key}\n")
            secret = json.dumps({"cephx_secret": key}).encode()
            mon.command("osd new", uuid=identity, id=number, payload=secret)
            mkfs = ["ceph-osd", "-i", str(number), "-c", str(self.conf), "--mkfs", "--osd-uuid", identity]
            makers.spawn(osd, [*mkfs, "--no-mon-config"])
        wait_until("the OSDs formatted", lambda: not makers.alive(), timeout_s=120)
        for osd in OSDS:
            if not (self.folder / osd / "ready").exists():
                raise LabError(f"{osd} could not be formatted:\n{makers.tail(osd)}")
        self._spawn(*OSDS)

    @staticmethod
    def _make_cephfs(mon: Mon) -> None:
        for pool in ("cephfs.meta", "cephfs.data"):
            mon.command("osd pool create", pool=pool, pg_num=crush.PG_NUM)
        mon.command("fs new", fs_name="cephfs", metadata="cephfs.meta", data="cephfs.data")

    # Small questions.

    def _spawn(self, *names: str) -> None:
        for name in names:
            self._daemons.spawn(name, _argv(name, self.folder))

    def _wait(self, what: str, condition: Callable[[], object], *, timeout_s: float = 90) -> None:
        """Waits, and says at once when a daemon died meanwhile that was alive at the beginning."""
        watched = self._daemons.alive()

        def happened() -> object:
            self._daemons.check(watched)
            return condition()

        wait_until(what, happened, timeout_s=timeout_s)

    @staticmethod
    def _osds_up(mon: Mon) -> int:
        return int(mon.command("osd stat")["num_up_osds"])

    @staticmethod
    def _osd_of(code: str) -> str:
        if code not in SITE_CODES:
            raise LabError(f"There is no site called {code!r}; the lab has {', '.join(SITE_CODES)}.")
        return OSDS[SITE_CODES.index(code)]

    @staticmethod
    def _rgw_answers(settings: Settings) -> bool:
        try:
            with urllib.request.urlopen(settings.rgw_url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _wait_healthy(self, mon: Mon, settings: Settings) -> None:
        self._wait("the mgr active", lambda: mon.command("mgr dump")["available"])
        self._wait("the gateway answering", lambda: self._rgw_answers(settings))
        self._wait("all PGs active+clean", lambda: self._pgs_clean(mon))
        self._wait("the MDS active", lambda: self._mds_active(mon))
        try:
            self._wait("HEALTH_OK", lambda: self.health(mon)[0] == "HEALTH_OK")
        except LabError as error:
            raise LabError(f"{error} The cluster says {self.health(mon)}.") from error

    @staticmethod
    def _pgs_clean(mon: Mon) -> bool:
        states = mon.command("status")["pgmap"].get("pgs_by_state", [])
        return bool(states) and all(state["state_name"] == "active+clean" for state in states)

    @staticmethod
    def _mds_active(mon: Mon) -> bool:
        filesystems = mon.command("fs dump")["filesystems"]
        return any(
            daemon["state"] == "up:active"
            for filesystem in filesystems
            for daemon in filesystem["mdsmap"]["info"].values()
        )
