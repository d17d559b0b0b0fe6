"""A town's own computer: the tools as the distribution ships them, and nothing but what the portal hands out.

The environment is empty but for PATH, HOME and what the handed-out file itself says; the file is saved with
the secret in it and used as its own comment tells.
"""

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from elaastic.selectors.configs import TOOLS
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
        config = TOOLS[tool](key.connection.access(credential, key.access_key, Secret(key.secret_key)))
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

    def attempt(self, *words: str, told: str = "", **environment: str) -> int:
        """Its exit code; `told` is what it reads from its standard input."""
        done = _ended(self.home, words, told, environment)
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

    def sftp(self, credential: str, *commands: str) -> int:
        """OpenSSH's client, which asks for the password as it asks a person; its exit code."""
        answer = self.home / f"{credential}.sh"
        answer.write_text(f"#!/bin/sh\necho '{self.keys[credential].secret_key}'\n")
        answer.chmod(0o700)
        asked = {"SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
        file, host = str(self.file("sftp", credential)), f"elaastic-{credential}"
        # A batch stops at the first refusal; without the first option it would ask nobody for a password.
        words = ["sftp", "-oBatchMode=no", "-oNumberOfPasswordPrompts=1", "-b", "-", "-F", file, host]
        return self.attempt(*words, told="\n".join(commands) + "\n", **asked)

    def known_host(self) -> None:
        """As the first comment of rclone's file for SFTP says."""
        command = self.file("rclone-sftp", "writer").read_text().splitlines()[0].removeprefix("# ")
        (self.home / ".ssh").mkdir(exist_ok=True)
        self.run("sh", "-c", command)

    def through(self, way: str, credential: str, *words: str) -> int:
        """rclone over another protocol; `FAR` in the words is its remote. Its exit code."""
        file = str(self.file(way, credential))
        name = f"elaastic-{credential}-{'sftp' if way == 'rclone-sftp' else way}"
        return self.attempt("rclone", "--config", file, *(w.replace("FAR", f"{name}:{self.bucket}") for w in words))

    def swift(self, credential: str, *words: str) -> int:
        """Through a shell, because the file is to be sourced by one."""
        file = str(self.file("swift", credential))
        return self.attempt("sh", "-c", '. "$0" && exec swift "$@"', file, *words)

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
        if tool == "sftp":
            folder = f"{self.bucket}/sftp"
            assert self.sftp("writer", f"mkdir {folder}", f"put -R {source} {folder}") == 0, self.said
        if tool in ("rclone-sftp", "webdav"):
            self.known_host()
            assert self.through(tool, "writer", "copy", str(source), f"FAR/{tool}") == 0, self.said
        if tool == "swift":
            words = ["upload", self.bucket, str(source), "--object-name", "swift", "--skip-container-put"]
            assert self.swift("writer", *words) == 0, self.said

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
        if tool == "sftp":
            assert self.sftp("restore", f"get -R {self.bucket}/sftp/{source.name} {target}/") == 0, self.said
            return target / source.name
        if tool in ("rclone-sftp", "webdav"):
            assert self.through(tool, "restore", "copy", f"FAR/{tool}", str(target)) == 0, self.said
        if tool == "swift":
            words = ["download", self.bucket, "-p", "swift/", "-r", "-D", str(target)]
            assert self.swift("restore", *words) == 0, self.said
        return target


def _ended(
    home: Path, words: Sequence[str], told: str, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    kept = {k: v for k, v in os.environ.items() if k in ("LANG", "LC_ALL", "TMPDIR")}
    return subprocess.run(
        words,
        env={**kept, "PATH": PATH, "HOME": str(home), **environment},
        cwd=home,
        input=told,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def run_quietly(home: Path, *words: str) -> None:
    """A program to its end on a computer where nothing is set but its home."""
    done = _ended(home, words, "", {})
    assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}{done.stderr}"


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
