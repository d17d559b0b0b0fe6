"""How rclone is run as a gateway: what it is told, and what it is not."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from provisioning.kinds.ceph import GATEWAYS

ROOT: Final = Path(__file__).resolve().parents[1]

# Nothing is kept back. Without a cache a file goes to the storage while it is sent, and `close` is answered when
# the storage has it: what was acknowledged outlives the gateway, a refusal reaches the client, and nobody's data
# lies on the gateway's disk. Listings are never remembered either: rclone 1.60 remembers with a file it has just
# written which version that was, and would remove or rename that version, which no key may.
_NOTHING_KEPT: Final = ("--vfs-cache-mode", "off", "--dir-cache-time", "0s", "--poll-interval", "0", "--no-modtime")
# SFTP clients send many pieces of a file at once, and rclone writes them in their order or not at all. On a busy
# machine one is overtaken by more than the second that rclone grants it: the client is told "Illegal seek" and
# begins again. It is not more than a few seconds, because each of the 64 pieces on their way waits so long, eight
# at a time, before a client hears that its file does not fit.
PIECES_WAIT: Final = "4s"


def command(
    protocol: str, listen: str, host_key: Path | None, ca_file: str = "", pieces_wait: str = PIECES_WAIT
) -> list[str]:
    """The program and its arguments. Raises FileNotFoundError where there is no rclone."""
    program = shutil.which("rclone")
    if program is None:
        raise FileNotFoundError("rclone is not installed.")
    own = ["--key", str(host_key)] if host_key else []
    trusted = ["--ca-cert", ca_file] if ca_file else []
    told = ["--config", os.devnull, "--log-level", "NOTICE", "--user-agent", GATEWAYS[protocol]]
    login = ["--auth-proxy", f"{sys.executable} -m gateway.login"]
    ours = [*own, *trusted, *told, *login, *_NOTHING_KEPT, "--vfs-write-wait", pieces_wait]
    return [program, "serve", protocol, "--addr", listen, *ours]


def environment(protocol: str, given: Mapping[str, str]) -> dict[str, str]:
    """Only what it needs: a stray AWS_ or RCLONE_ variable would change what every tenant gets."""
    kept = {k: v for k, v in given.items() if k in ("PATH", "HOME", "LANG", "TMPDIR") or k.startswith("GATEWAY_")}
    return kept | {"GATEWAY_USER_AGENT": GATEWAYS[protocol]}
