"""Configuration files of ordinary clients, filled in as far as the portal may: pure functions.

Each file works as it is once the secret stands in it. Buckets are addressed by path, because a name like
`backup` belongs to the authority's own RGW tenant and to nobody's DNS; and no client is let create or probe
for buckets, because the writer's key may not. Tried with rclone 1.60, restic 0.14, s3cmd 2.3, aws 2.9.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from provisioning.domain.secrets import Secret

SECRET_HERE: Final = "<SECRET KEY>"  # noqa: S105 - what stands there until the secret does


@dataclass(frozen=True)
class Access:
    """One credential and where it is used. `secret_key` is None until somebody has it at hand."""

    name: str
    endpoint: str
    region: str
    access_key: str
    buckets: tuple[str, ...]
    secret_key: Secret | None = None

    @property
    def secret(self) -> str:
        """The secret, or the words that stand in its place."""
        return self.secret_key.reveal() if self.secret_key else SECRET_HERE

    @property
    def bucket(self) -> str:
        """The first archive, which the examples use."""
        return self.buckets[0]

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.endpoint).netloc

    @property
    def encrypted(self) -> bool:
        """Is the way there TLS?"""
        return urlsplit(self.endpoint).scheme == "https"

    @property
    def profile(self) -> str:
        """What the client calls this credential."""
        return f"elaastic-{self.name}"

    @property
    def restores(self) -> bool:
        """The key that reads everything and writes nothing."""
        return self.name == "restore"


@dataclass(frozen=True)
class ConfigFile:
    """A file to save: its name, and its text, which ends with a newline."""

    filename: str
    text: str


def rclone(access: Access) -> ConfigFile:
    """A remote of rclone; `no_check_bucket` because rclone would otherwise try to create the bucket."""
    remote = access.profile
    example = (
        f"rclone --config rclone.conf copy {remote}:{access.bucket}/data /restored"
        if access.restores
        else f"rclone --config rclone.conf copy /data {remote}:{access.bucket}/data"
    )
    return _file(
        "rclone.conf",
        f"# {example}",
        *_archives(access),
        f"[{remote}]",
        "type = s3",
        "provider = Ceph",
        "env_auth = false",
        f"access_key_id = {access.access_key}",
        f"secret_access_key = {access.secret}",
        f"endpoint = {access.endpoint}",
        f"region = {access.region}",
        "force_path_style = true",
        "no_check_bucket = true",
    )


def restic(access: Access) -> ConfigFile:
    """Environment of restic, to be sourced by a shell; restic encrypts with a password that only the user has."""
    commands = (
        ["restic snapshots --no-lock", "restic restore latest --no-lock --target /restored"]
        if access.restores
        else ["restic init", "restic backup /data", "restic snapshots --no-lock"]
    )
    return _file(
        f"restic-{access.name}.env",
        f"# . ./restic-{access.name}.env",
        *(f"# {command}" for command in commands),
        "# The restore key writes nothing, not even restic's lock: hence --no-lock."
        if access.restores
        else "# With the file of the restore key: restic restore latest --no-lock --target /restored",
        *_archives(access),
        f"export RESTIC_REPOSITORY='s3:{access.endpoint}/{access.bucket}'",
        f"export AWS_ACCESS_KEY_ID='{access.access_key}'",
        f"export AWS_SECRET_ACCESS_KEY='{access.secret}'",
        f"export AWS_DEFAULT_REGION='{access.region}'",
        "# The password of the repository; without it nobody can restore, the region included.",
        'export RESTIC_PASSWORD_FILE="${RESTIC_PASSWORD_FILE:-$HOME/.restic-password}"',
    )


def s3cmd(access: Access) -> ConfigFile:
    """`.s3cfg`; a `host_bucket` without `%(bucket)s` is how s3cmd is told to address by path."""
    example = (
        f"s3cmd -c s3cfg-{access.name} get s3://{access.bucket}/file file"
        if access.restores
        else f"s3cmd -c s3cfg-{access.name} put file s3://{access.bucket}/file"
    )
    return _file(
        f"s3cfg-{access.name}",
        f"# {example}",
        *_archives(access),
        "[default]",
        f"access_key = {access.access_key}",
        f"secret_key = {access.secret}",
        f"host_base = {access.host}",
        f"host_bucket = {access.host}",
        f"bucket_location = {access.region}",
        f"use_https = {access.encrypted}",
        "signature_v2 = False",
    )


def awscli(access: Access) -> ConfigFile:
    """One file that is both of awscli's. Versions before 2.13 read no `endpoint_url`: the examples pass it too.

    New versions send checksums that Ceph 16 does not know unless they are told to send only required ones.
    """
    name = f"aws-{access.name}.ini"
    far = f"s3://{access.bucket}/file"
    return _file(
        name,
        f"# export AWS_CONFIG_FILE=$PWD/{name} AWS_SHARED_CREDENTIALS_FILE=$PWD/{name}",
        f"# aws --endpoint-url {access.endpoint} s3 cp " + (f"{far} file" if access.restores else f"file {far}"),
        *_archives(access),
        "[default]",
        f"aws_access_key_id = {access.access_key}",
        f"aws_secret_access_key = {access.secret}",
        f"region = {access.region}",
        f"endpoint_url = {access.endpoint}",
        "request_checksum_calculation = when_required",
        "response_checksum_validation = when_required",
        "s3 =",
        "    addressing_style = path",
        "    signature_version = s3v4",
    )


TOOLS: Final[Mapping[str, Callable[[Access], ConfigFile]]] = {
    "rclone": rclone,
    "restic": restic,
    "s3cmd": s3cmd,
    "awscli": awscli,
}


def _archives(access: Access) -> tuple[str, ...]:
    return (f"# Archives: {', '.join(access.buckets)}",)


def _file(filename: str, *lines: str) -> ConfigFile:
    return ConfigFile(filename, "\n".join(lines) + "\n")
