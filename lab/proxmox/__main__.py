"""`python -m lab.proxmox --base DIR`: the emulator in the foreground, until Ctrl-C or SIGTERM."""

import argparse
import sys
from pathlib import Path

from lab.proxmox.server import serve


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.proxmox", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder for certificates, credentials and state")
    parser.add_argument("--port", type=int, default=0, help="Proxmox VE on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--backup-port", type=int, default=0, help="Proxmox Backup Server, the same")
    parser.add_argument("--pace", type=float, default=1.0, help="how long a second of waiting takes, seconds")
    parser.add_argument("--inhabited", action="store_true", help="a guest made from an image that boots answers")
    asked = parser.parse_args(arguments)
    serve(asked.base, asked.port, asked.backup_port, asked.pace, inhabited=asked.inhabited)
    return 0


if __name__ == "__main__":
    sys.exit(main())
