"""A town's own computer: the four tools as the distribution ships them, and nothing but what the portal hands out.

The environment is empty but for PATH, HOME and what the handed-out file itself says; the file is saved with
the secret in it and used as its own comment tells.
"""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from elaastic.selectors.configs import TOOLS, Access
from provisioning.domain.secrets import Secret
from tests.lab.flow.town import Keys

# The distribution's: an `aws` of somebody's own may stand before it on the PATH.
PATH = "/usr/bin:/bin"


@dataclass
class Computer:
    """`home` holds the files; `said` is what the last program printed."""

    home: Path
    keys: dict[str, Keys]
    said: str = ""

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        (self.home / ".restic-password").write_text("una frase lunga e sola\n")

    def file(self, tool: str, credential: str) -> Path:
        """The configuration that the portal hands out for this key, saved."""
        key = self.keys[credential]
        place = key.connection
        config = TOOLS[tool](
            Access(credential, place.endpoint, place.region, key.access_key, place.buckets, Secret(key.secret_key))
        )
        folder = self.home / credential
        folder.mkdir(exist_ok=True)
        path = folder / config.filename
        path.write_text(config.text)
        return path

    @property
    def bucket(self) -> str:
        return self.keys["writer"].connection.buckets[0]

    def run(self, *words: str, **environment: str) -> str:
        """A program to its end; the assertion carries its last words."""
        done = self.attempt(*words, **environment)
        assert done == 0, f"{' '.join(words)} ended with {done}:\n{self.said[-2000:]}"
        return self.said

    def attempt(self, *words: str, **environment: str) -> int:
        """Its exit code."""
        kept = {k: v for k, v in os.environ.items() if k in ("LANG", "LC_ALL", "TMPDIR")}
        done = subprocess.run(
            words,
            env=kept | {"PATH": PATH, "HOME": str(self.home)} | environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        self.said = done.stdout + done.stderr
        return done.returncode

    # -- each tool, called as its file says --------------------------------------------------------------------

    def restic(self, credential: str, *words: str) -> str:
        """Through a shell, because the file is to be sourced by one."""
        return self.run("sh", "-c", '. "$0" && exec restic "$@"', str(self.file("restic", credential)), *words)

    def rclone(self, credential: str, *words: str) -> str:
        return self.run("rclone", "--config", str(self.file("rclone", credential)), *words)

    def remote(self, credential: str, path: str) -> str:
        return f"elaastic-{credential}:{self.bucket}/{path}"

    def s3cmd(self, credential: str, *words: str) -> str:
        return self.run("s3cmd", "-c", str(self.file("s3cmd", credential)), *words)

    def aws(self, credential: str, *words: str) -> str:
        name = str(self.file("awscli", credential))
        endpoint = self.keys[credential].connection.endpoint
        files = {"AWS_CONFIG_FILE": name, "AWS_SHARED_CREDENTIALS_FILE": name}
        return self.run("aws", "--endpoint-url", endpoint, *words, **files)

    # -- one backup and one restore, whatever the tool ---------------------------------------------------------

    def back_up(self, tool: str, source: Path) -> None:
        """With the writer's key."""
        if tool == "restic":
            self.restic("writer", "init")
            self.restic("writer", "backup", str(source))
        if tool == "rclone":
            self.rclone("writer", "copy", str(source), self.remote("writer", "rclone"))
        if tool == "s3cmd":
            self.s3cmd("writer", "sync", "--no-progress", f"{source}/", f"s3://{self.bucket}/s3cmd/")
        if tool == "awscli":
            self.aws("writer", "s3", "sync", "--no-progress", str(source), f"s3://{self.bucket}/awscli")

    def restore(self, tool: str, source: Path, target: Path) -> Path:
        """With the restore key; the folder in which what was `source` stands again."""
        target.mkdir()
        if tool == "restic":
            self.restic("restore", "restore", "latest", "--no-lock", "--target", str(target))
            return target / source.relative_to("/")
        if tool == "rclone":
            self.rclone("restore", "copy", self.remote("restore", "rclone"), str(target))
        if tool == "s3cmd":
            self.s3cmd("restore", "sync", "--no-progress", f"s3://{self.bucket}/s3cmd/", f"{target}/")
        if tool == "awscli":
            self.aws("restore", "s3", "sync", "--no-progress", f"s3://{self.bucket}/awscli", str(target))
        return target


def make_files(folder: Path, mib: int, count: int) -> Path:
    """`mib` MiB (2^20) of random data in `count` files of uneven size, some in a folder, one empty, one `è`."""
    (folder / "atti").mkdir(parents=True)
    whole = mib * 2**20
    sizes = [whole // (2 * count) * (1 + i % 3) for i in range(count - 1)]
    sizes.append(max(whole - sum(sizes), 1))
    for number, size in enumerate(sizes):
        name = f"atti/delibera {number}.pdf" if number % 2 else f"protocollo-{number}.bin"
        (folder / name).write_bytes(os.urandom(size))
    (folder / "vuoto").write_bytes(b"")
    (folder / "atti" / "città.txt").write_text("Città\n")
    return folder


def prints(folder: Path) -> dict[str, str]:
    """Relative name -> SHA-256 of every file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
