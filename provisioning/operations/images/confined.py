"""The worker's side: the bytes go through a pipe to a process that can do nothing but look at them."""

import hashlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provisioning.operations.images.verdict import Image, Unfit

_ROOT: Final = Path(__file__).resolve().parents[3]
# Who neither reads nor ends for so long never will. After the last byte there is nothing left to read.
TAKES_S: Final = 60
LAST_WORD_S: Final = 30
_LONGEST: Final = 2**16
# What is started; SIZE and MOST_BYTES follow.
LOOKS: Final = (sys.executable, "-P", "-m", "provisioning.operations.images.child")


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
    image, unfit = _understood(said) if came == size else (None, Unfit("Damaged"))
    sha256, sha512 = (one.hexdigest() for one in sums)
    return Looked(image, unfit, sha256, sha512, came)


def _child(size: int, most_bytes: int) -> "subprocess.Popen[bytes]":
    child = subprocess.Popen(  # noqa: S603  # our own module; the two arguments are numbers
        [*LOOKS, str(size), str(most_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONPATH": str(_ROOT)},  # nothing of the worker's: no settings, no secrets
        bufsize=0,
    )
    assert child.stdin is not None
    os.set_blocking(child.stdin.fileno(), False)
    return child


def _hand_over(child: "subprocess.Popen[bytes]", chunk: bytes) -> bool:
    """False once it has heard enough, or is gone; the sum is still wanted. Who takes nothing is ended."""
    assert child.stdin is not None
    pipe, left = child.stdin.fileno(), memoryview(chunk)
    while left:
        if not _ready(pipe, select.POLLOUT, TAKES_S):
            child.kill()
            return False
        try:
            left = left[os.write(pipe, left) :]
        except BrokenPipeError:
            return False
    return True


def _last_word(child: "subprocess.Popen[bytes]") -> bytes:
    """What it says before it ends; nothing when it does not end, or says more than a verdict needs."""
    assert child.stdin is not None and child.stdout is not None
    child.stdin.close()
    pipe, said, until = child.stdout.fileno(), b"", time.monotonic() + LAST_WORD_S
    while len(said) <= _LONGEST and _ready(pipe, select.POLLIN, until - time.monotonic()):
        piece = os.read(pipe, _LONGEST)
        if not piece:
            return said
        said += piece
    return b""


def _ready(pipe: int, event: int, within_s: float) -> bool:
    waiting = select.poll()
    waiting.register(pipe, event)
    return within_s > 0 and bool(waiting.poll(within_s * 1000))


def _understood(said: bytes) -> tuple[Image | None, Unfit | None]:
    """What a stranger's file may have made of the child is no verdict unless it has the form of one."""
    try:
        words: dict[str, Any] = json.loads(said)
        if "reason" in words:
            return None, Unfit(words["reason"], str(words.get("detail", "")))
        return Image.parse(words), None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None, Unfit("Uninspectable")
