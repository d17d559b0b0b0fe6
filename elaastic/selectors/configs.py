"""Configuration files of ordinary clients, filled in as far as the portal may: pure functions.

Each file works as it is once the secret stands in it. Buckets are addressed by path, because a name like
`backup` belongs to the authority's own RGW tenant and to nobody's DNS; and no client is let create or probe
for buckets, because the writer's key may not. Tried with rclone 1.60, restic 0.14, s3cmd 2.3, aws 2.9.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from elaastic.selectors.access import SECRET_HERE, Access, ConfigFile, archives_line, config_file
from elaastic.selectors.configs_otherwise import rclone_sftp, sftp, swift, webdav


def rclone(access: Access) -> ConfigFile:
    """A remote of rclone; `no_check_bucket` because rclone would otherwise try to create the bucket."""
    remote = access.profile
    example = (
        f"rclone --config rclone.conf copy {remote}:{access.bucket}/data /restored"
        if access.restores
        else f"rclone --config rclone.conf copy /data {remote}:{access.bucket}/data"
    )
    return config_file(
        "rclone.conf",
        f"# {example}",
        *archives_line(access),
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
    return config_file(
        f"restic-{access.name}.env",
        f"# . ./restic-{access.name}.env",
        *(f"# {command}" for command in commands),
        "# The restore key writes nothing, not even restic's lock: hence --no-lock."
        if access.restores
        else "# With the file of the restore key: restic restore latest --no-lock --target /restored",
        *archives_line(access),
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
    return config_file(
        f"s3cfg-{access.name}",
        f"# {example}",
        *archives_line(access),
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
    return config_file(
        name,
        f"# export AWS_CONFIG_FILE=$PWD/{name} AWS_SHARED_CREDENTIALS_FILE=$PWD/{name}",
        f"# aws --endpoint-url {access.endpoint} s3 cp " + (f"{far} file" if access.restores else f"file {far}"),
        *archives_line(access),
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
    "sftp": sftp,
    "rclone-sftp": rclone_sftp,
    "webdav": webdav,
    "swift": swift,
}
# What a tool needs beside S3.
NEEDS: Final[Mapping[str, str]] = {"sftp": "sftp", "rclone-sftp": "sftp", "webdav": "webdav", "swift": "swift"}


def tools_for(access: Access) -> list[str]:
    """The tools of the protocols that were chosen."""
    chosen = {way.protocol for way in access.ways}
    return [tool for tool in TOOLS if tool not in NEEDS or NEEDS[tool] in chosen]


def export_commands(endpoint: str, buckets: Iterable[str]) -> list[tuple[str, str]]:
    """(tool, commands) that take every archive away with the restore key, its file in the present folder. Each
    goes on where it stopped; older versions are reached with the tool's own options.
    """
    named = list(buckets)
    return [
        ("rclone", "\n".join(f"rclone --config rclone.conf copy elaastic-restore:{b} ./{b}" for b in named)),
        (
            "aws-cli",
            "\n".join(
                f"aws s3 sync s3://{b} ./{b} --endpoint-url {endpoint} --profile elaastic-restore" for b in named
            ),
        ),
    ]


__all__ = ["NEEDS", "SECRET_HERE", "TOOLS", "Access", "ConfigFile", "export_commands", "tools_for"]
