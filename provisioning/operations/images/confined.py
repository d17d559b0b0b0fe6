"""The worker's side: the bytes go through a pipe to a process that can do nothing but look at them."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provisioning.operations.images.verdict import Image, Unfit

_ROOT: Final = Path(__file__).resolve().parents[3]
# After the last byte there is nothing left to read; what is not said by then will not be said.
LAST_WORD_S: Final = 30
_LONGEST: Final = 2**16


@dataclass(frozen=True)
class Looked:
    """What came of it. `image` or else `unfit`; the sums (hex) and `size` are of the bytes that came."""

    image: Image | None
    unfit: Unfit | None
    sha256: str
    sha512: str
    size: int


def look_at(chunks: Iterable[bytes], *, size: int, most_bytes: int) -> Looked:
    """Read `chunks` once: sums, size, verdict. `size`: what the storage says it is; `most_bytes`: the largest disk.

    What `chunks` raises goes up, and the child ends.
    """
    sums, came = (hashlib.sha256(), hashlib.sha512()), 0
    with _child(size, most_bytes) as child:
        assert child.stdin is not None
        listening = True
        try:
            for chunk in chunks:
                for one in sums:
                    one.update(chunk)
                came += len(chunk)
                listening = listening and _hand_over(child, chunk)
            said = _last_word(child)
        finally:
            child.kill()
    if came != size:
        said = {"reason": "Damaged"}
    unfit = Unfit(said["reason"], str(said.get("detail", ""))) if "reason" in said else None
    sha256, sha512 = (one.hexdigest() for one in sums)
    return Looked(None if unfit else Image.parse(said), unfit, sha256, sha512, came)


def _child(size: int, most_bytes: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603  # our own module; the two arguments are numbers
        [sys.executable, "-P", "-m", "provisioning.operations.images.child", str(size), str(most_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONPATH": str(_ROOT)},  # nothing of the worker's: no settings, no secrets
    )


def _hand_over(child: "subprocess.Popen[bytes]", chunk: bytes) -> bool:
    """False once it has heard enough, or is gone; the sum is still wanted."""
    assert child.stdin is not None
    try:
        child.stdin.write(chunk)
    except BrokenPipeError:
        return False
    return True


def _last_word(child: "subprocess.Popen[bytes]") -> dict[str, Any]:
    with suppress(subprocess.TimeoutExpired, ValueError):
        out, _err = child.communicate(timeout=LAST_WORD_S)
        said = json.loads(out[:_LONGEST])
        if isinstance(said, dict):
            return said
    return {"reason": "Uninspectable"}
