"""`python -m lab.simulated --base DIR --port N`: the region in the foreground, until Ctrl-C or SIGTERM."""

import argparse
import sys
from pathlib import Path

from lab.simulated.server import serve


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.simulated", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder for region.yaml, credentials and data")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--cloud-port", type=int, default=0, help="the same for OpenStack")
    asked = parser.parse_args(arguments)
    serve(asked.base, asked.port, asked.cloud_port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
