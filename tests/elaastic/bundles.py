"""A bundle as whoever takes it away has it: unpacked, and checked by the program that lies in it."""

import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any


def unpacked(answer: Any) -> Path:
    """A new folder with what was sent."""
    assert answer.status_code == 200
    folder = Path(tempfile.mkdtemp())
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as bundle:
        bundle.extractall(folder)
    return folder


def checked(folder: Path, *older: Path) -> tuple[int, str]:
    """What the program answers and says; it gets no path to the portal."""
    done = subprocess.run(
        [sys.executable, "-I", "check.py", *map(str, older)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.stderr
    return done.returncode, done.stdout
