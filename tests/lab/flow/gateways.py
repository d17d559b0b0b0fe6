"""A portal's own gateway, which a test may kill, and towns that have chosen every way in."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.gateway import Gateway
from tests.lab.workers import LivePortal

EVERY_WAY = ["s3", "sftp", "webdav", "swift"]


@contextmanager
def own_gateway(portal: LivePortal) -> Iterator[Gateway]:
    """In the portal's region file instead of the cluster's."""
    gateway = Gateway(portal.folder / "gateway")
    try:
        gateway.up(portal.ceph.url, "marche")
        gateway.announce(portal.region_file)
        yield gateway
    finally:
        gateway.down()
