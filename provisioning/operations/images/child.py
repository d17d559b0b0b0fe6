"""The process that looks: it reads standard input, writes one line, and can open nothing.

python -m provisioning.operations.images.child SIZE MOST_BYTES
"""

import json
import resource
import sys
from io import BufferedReader, FileIO
from typing import Any, Final

from provisioning.operations.images.inspection import inspect
from provisioning.operations.images.passing import Source
from provisioning.operations.images.verdict import Unfit

MEMORY: Final = 2**30
# A core reads some hundred MB a second; who needs ten times as long goes in circles.
START_S: Final = 20
BYTES_A_SECOND: Final = 20 * 10**6


def confine(size: int) -> None:
    """From here on: no file, no socket, no other process, so much memory and so much time."""
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: START_S + size // BYTES_A_SECOND,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def verdict(source: Source, most_bytes: int) -> dict[str, Any]:
    """What the parent reads."""
    try:
        return inspect(source, most_bytes).as_json()
    except Unfit as unfit:
        return {"reason": unfit.reason, "detail": unfit.detail}


def main() -> None:
    """One look, one line."""
    size, most_bytes = (int(word) for word in sys.argv[1:3])
    confine(size)
    source = BufferedReader(FileIO(0, closefd=False), 2**20)
    sys.stdout.write(json.dumps(verdict(source, most_bytes)) + "\n")


if __name__ == "__main__":
    main()
