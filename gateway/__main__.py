"""The command line; see the package."""

import argparse
import os
import sys
from pathlib import Path

from gateway import health, hostkey, serving
from provisioning.kinds.ceph import GATEWAYS


def main(arguments: list[str] | None = None) -> int:
    """0 when done or healthy, 1 when not healthy; `serve` becomes rclone and does not come back."""
    parser = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("host-key").add_argument("file", type=Path)
    serve = verbs.add_parser("serve")
    serve.add_argument("protocol", choices=tuple(GATEWAYS))
    serve.add_argument("--listen", required=True)
    serve.add_argument("--host-key", type=Path)
    look = verbs.add_parser("healthy")
    look.add_argument("protocol", choices=tuple(GATEWAYS))
    look.add_argument("address")
    asked = parser.parse_args(arguments)
    if asked.verb == "host-key":
        print(hostkey.ensure(asked.file))
        return 0
    if asked.verb == "healthy":
        return 0 if health.healthy(asked.protocol, asked.address) else 1
    trusted = os.environ.get("GATEWAY_CA_FILE", "")
    wait = os.environ.get("GATEWAY_PIECES_WAIT", serving.PIECES_WAIT)
    argv = serving.command(asked.protocol, asked.listen, asked.host_key, trusted, wait)
    os.chdir(serving.ROOT)  # where `python -m gateway.login` is found
    return os.execve(argv[0], argv, serving.environment(asked.protocol, os.environ))


if __name__ == "__main__":
    sys.exit(main())
