"""`python -m mcloud_portal.alive SECONDS`: exit 0 when a worker of this container looked so recently."""

import sys
import time

from mcloud_portal.sweeper import heartbeat


def main() -> int:
    """1 when no worker looked in time, or none ever did."""
    beat = heartbeat()
    return 0 if beat.exists() and time.time() - beat.stat().st_mtime < float(sys.argv[1]) else 1


if __name__ == "__main__":
    sys.exit(main())
