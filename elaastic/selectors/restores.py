"""The one command that brings a restore test's sample back, for each program: pure functions of what is asked for.

Tried with rclone 1.60, restic 0.14, s3cmd 2.3 and aws 2.9. Each ends by printing the SHA-256.
"""

from collections.abc import Callable, Mapping
from shlex import quote
from typing import Final

from elaastic.models import RestoreTest
from elaastic.selectors.access import Access

OUT: Final = "mcloud-prova"


def rclone(test: RestoreTest, access: Access) -> str:
    """Reads and sums in one, on every system; nothing is left on the disk."""
    far = quote(f"{access.profile}:{test.sample['bucket']}/{test.sample['key']}")
    return f"rclone --config rclone.conf hashsum SHA256 --download {far}"


def s3cmd(test: RestoreTest, access: Access) -> str:
    """Into a file of a name of ours."""
    far = quote(f"s3://{test.sample['bucket']}/{test.sample['key']}")
    return f"s3cmd -c s3cfg-{access.name} get --force {far} {OUT} && sha256sum {OUT}"


def awscli(test: RestoreTest, access: Access) -> str:
    """The file serves as both of awscli's; versions before 2.13 read no `endpoint_url` in it."""
    far, file = quote(f"s3://{test.sample['bucket']}/{test.sample['key']}"), f"aws-{access.name}.ini"
    environment = f"AWS_CONFIG_FILE={file} AWS_SHARED_CREDENTIALS_FILE={file}"
    return f"{environment} aws --endpoint-url {access.endpoint} s3 cp {far} {OUT} && sha256sum {OUT}"


def restic(test: RestoreTest, access: Access) -> str:
    """The newest copy's proof file, wherever it lay; the restore key takes no lock."""
    # The file names the first archive; a repository in another is named here.
    elsewhere = test.archive in access.buckets[1:]
    where = f"export RESTIC_REPOSITORY=s3:{access.endpoint}/{test.archive} && " if elsewhere else ""
    restore = f"restic restore latest --no-lock --include {test.filename} --target {OUT}"
    summed = f"find {OUT} -name {test.filename} -exec sha256sum {{}} +"
    return f". ./restic-{access.name}.env && {where}{restore} && {summed}"


def other(test: RestoreTest, access: Access) -> str:
    """The program is not known: only the sum is."""
    return f"sha256sum {test.filename}"


_COMMANDS: Final[Mapping[str, Callable[[RestoreTest, Access], str]]] = {
    "rclone": rclone,
    "s3cmd": s3cmd,
    "awscli": awscli,
    "restic": restic,
    "other": other,
}


def command(test: RestoreTest, access: Access) -> str:
    """What to paste. A tool for clear copies that met encrypted ones restores the proof file by its own means."""
    known = test.tool if test.sample or test.tool == "restic" else "other"
    return _COMMANDS[known](test, access)
