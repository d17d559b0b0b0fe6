"""The cluster's ceph.conf and what must be remembered to write it again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

GIB = 2**30

# Ports used: mon 2, mgr and MDS 2 each, an OSD 8 (public, cluster and two heartbeats, v1 and v2), RGW 1.
# Twice that, because a restarted daemon takes fresh ports while the old ones linger.
PORTS_NEEDED = 64

_TEMPLATE = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_v2},v1:127.0.0.1:{mon_v1}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind port min = {bind_min}
ms bind port max = {bind_max}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
pid file = {folder}/run/$name.pid
log file = {folder}/log/$name.log
log to stderr = false
err to stderr = true
crash dir = {folder}/crash
keyring = {folder}/keyring.$name
mon cluster log file = {folder}/log/cluster.log
# Three datacenters, so a pool's three copies are three sites' (type 8 of the default CRUSH map).
osd crush chooseleaf type = 8
osd pool default size = 3
# 0: half of the copies, rounded up (2 of 3, 1 of 2), so that one lost site never stops a writer.
osd pool default min size = 0
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool delete = true
mon max pg per osd = 2000
mon pg warn min per osd = 0
# The machine's disk is shared with everything else: do not complain before it is nearly full.
mon data avail warn = 3
mon data avail crit = 1
# A killed site is a test; its data must not wander while it lasts (0 would be a health warning).
mon osd down out interval = 604800
mgr stats period = 1
mgr tick period = 1
paxos propose interval = 0.1
mon tick interval = 1

[client]
# Clients, the portal among them, leave no sockets and logs behind.
admin socket =
log file =
pid file =

[mon]
mon data = {folder}/mon.$id

[mgr]
mgr data = {folder}/mgr.$id
mgr initial modules =
# What stays on is what the portal may ask; the rest costs start-up time and memory.
mgr disabled modules = zabbix influx telegraf insights diskprediction_local k8sevents rook cephadm dashboard \
restful prometheus test_orchestrator selftest iostat localpool alerts

[mds]
mds data = {folder}/mds.$id
mds cache memory limit = 67108864

[osd]
osd data = {folder}/osd.$id
osd objectstore = bluestore
bluestore block size = {block_bytes}
bluestore block create = true
bluestore block db create = false
bluestore block wal create = false
bluestore cache autotune = false
bluestore cache size = 100663296
osd memory target = 939524096
osd op num shards = 2
osd op num threads per shard = 1
osd class default list = *
osd class load list = *
osd delete sleep = 0
osd heartbeat interval = 1
osd heartbeat grace = 10
{osd_sections}
[client.rgw.a]
admin socket = {folder}/run/$name.asok
log file = {folder}/log/$name.log
rgw data = {folder}/rgw.a
rgw frontends = beast endpoint=127.0.0.1:{rgw_port}
rgw zonegroup = {region}
rgw zone = {region}
rgw thread pool size = 32
rgw num rados handles = 1
rgw enable apis = s3, swift, swift_auth, admin, sts, iam
rgw swift url = http://127.0.0.1:{rgw_port}
rgw s3 auth use sts = true
rgw sts key = {sts_key}
rgw enable usage log = true
rgw usage log tick interval = 2
rgw usage log flush threshold = 1
# Quotas act within seconds here; a production gateway takes minutes (the default is 600 s).
rgw bucket quota ttl = 2
rgw user quota bucket sync interval = 2
rgw user quota sync interval = 2
rgw user quota sync idle users = true
rgw user quota sync wait time = 2
rgw gc obj min wait = 5
rgw gc processor period = 10
rgw override bucket index max shards = 1
{lifecycle}
"""


@dataclass(frozen=True)
class Settings:
    """What `up` chose once. Kept in `<folder>/settings.json`; written last by `up`, it also says "made"."""

    fsid: str
    region: str
    first_port: int
    osd_gib: int
    sts_key: str
    fast_day_s: int | None

    @property
    def mon_address(self) -> str:
        return f"[v2:127.0.0.1:{self.first_port},v1:127.0.0.1:{self.first_port + 1}]"

    @property
    def rgw_port(self) -> int:
        return self.first_port + 2

    @property
    def rgw_url(self) -> str:
        return f"http://127.0.0.1:{self.rgw_port}"

    def save(self, folder: Path) -> None:
        (folder / "settings.json").write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, folder: Path) -> "Settings | None":
        file = folder / "settings.json"
        return cls(**json.loads(file.read_text())) if file.exists() else None


def write_conf(folder: Path, settings: Settings, sites: tuple[str, ...]) -> Path:
    """Writes `<folder>/ceph.conf`; OSD number i lives on the host `host-<site>` of datacenter `sites[i]`."""
    osd_sections = "".join(
        f"[osd.{number}]\ncrush location = root=default datacenter={site} host=host-{site}\n"
        for number, site in enumerate(sites)
    )
    lifecycle = f"rgw lc debug interval = {settings.fast_day_s}" if settings.fast_day_s else ""
    conf = folder / "ceph.conf"
    conf.write_text(
        _TEMPLATE.format(
            fsid=settings.fsid,
            folder=folder,
            region=settings.region,
            mon_v2=settings.first_port,
            mon_v1=settings.first_port + 1,
            rgw_port=settings.rgw_port,
            bind_min=settings.first_port + 3,
            bind_max=settings.first_port + PORTS_NEEDED - 1,
            block_bytes=settings.osd_gib * GIB,
            sts_key=settings.sts_key,
            osd_sections=osd_sections,
            lifecycle=lifecycle,
        )
    )
    return conf
