"""Configuration files of clients that do not speak S3: pure functions, like those of `configs`.

The password is the secret key. rclone wants passwords of SFTP and WebDAV "obscured", which is no encryption: its
key stands in rclone's own source. Tried with OpenSSH 9.2, rclone 1.60 and python-swiftclient 4.
"""

import os
from base64 import urlsafe_b64encode
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from elaastic.selectors.access import SECRET_HERE, Access, ConfigFile, archives_line, config_file

_RCLONE: Final = bytes.fromhex("9c935b48730a554d6bfd7c63c886a92bd390198eb8128afbf4de162b8b95f638")
KNOWN_HOSTS: Final = "~/.ssh/known_hosts_elaastic"


def sftp(access: Access) -> ConfigFile:
    """OpenSSH's configuration with the host key in it; the password is asked for, since OpenSSH keeps none."""
    way, name = access.way("sftp"), f"sftp-{access.name}.conf"
    example = f"get {access.bucket}/file" if access.restores else f"put file {access.bucket}/file"
    return config_file(
        name,
        f"# sftp -F {name} {access.profile}      then, for example: {example}",
        f"# Password: {access.secret}",
        *_versions(access),
        *archives_line(access),
        f"# Fingerprint of the host key: {way.fingerprint}",
        f"Host {access.profile}",
        f"    HostName {way.host}",
        f"    Port {way.port}",
        f"    User {way.user}",
        "    PubkeyAuthentication no",
        "    PreferredAuthentications password",
        "    StrictHostKeyChecking yes",
        "    HostKeyAlias elaastic",
        "    UserKnownHostsFile none",
        "    # On Windows, or before OpenSSH 8.5: take out the three lines above and this one, and compare the",
        "    # fingerprint when sftp asks.",
        f"    KnownHostsCommand /bin/echo elaastic {way.host_key}",
    )


def rclone_sftp(access: Access) -> ConfigFile:
    """A remote of rclone, for what runs unattended; the host key goes into a file of its own."""
    way, remote = access.way("sftp"), f"{access.profile}-sftp"
    return config_file(
        "rclone-sftp.conf",
        f"# echo '[{way.host}]:{way.port} {way.host_key}' > {KNOWN_HOSTS}",
        f"# {_rclone_example('rclone-sftp.conf', remote, access)}",
        *_versions(access),
        *archives_line(access),
        *_how_to_fill(access),
        f"[{remote}]",
        "type = sftp",
        f"host = {way.host}",
        f"port = {way.port}",
        f"user = {way.user}",
        f"pass = {_obscured(access)}",
        f"known_hosts_file = {KNOWN_HOSTS}",
        "shell_type = none",
        "disable_hashcheck = true",
        "set_modtime = false",
        # A gateway that keeps nothing back refuses pieces that overtake each other; rclone sends the file again,
        # and the half that it never closed becomes the newest version when it hangs up.
        "disable_concurrent_writes = true",
    )


def webdav(access: Access) -> ConfigFile:
    """A remote of rclone; other clients need the same three things, which stand in its comments."""
    way, remote = access.way("webdav"), f"{access.profile}-webdav"
    return config_file(
        "rclone-webdav.conf",
        f"# {_rclone_example('rclone-webdav.conf', remote, access)}",
        f"# Another client: address {way.url}/{access.bucket}/, user {way.user}, password {access.secret}",
        *_versions(access),
        *archives_line(access),
        *_how_to_fill(access),
        f"[{remote}]",
        "type = webdav",
        f"url = {way.url}",
        "vendor = other",
        f"user = {way.user}",
        f"pass = {_obscured(access)}",
    )


def swift(access: Access) -> ConfigFile:
    """Environment of python-swiftclient, to be sourced by a shell; rclone's `swift` reads it too."""
    way, name = access.way("swift"), f"swift-{access.name}.env"
    example = f"download {access.bucket} -p data/" if access.restores else f"upload {access.bucket} data"
    return config_file(
        name,
        f"# . ./{name} && swift {example}",
        f"# rclone: . ./{name} && rclone lsf :swift,env_auth:{access.bucket}",
        *archives_line(access),
        "# Archives are not listed and not made over Swift; its warning that it could not make one means nothing.",
        "# Earlier versions are restored over S3, SFTP or WebDAV. Large files: --use-slo --segment-size 1073741824",
        f"# --segment-container {access.bucket}",
        f"export ST_AUTH='{way.url}'",
        f"export ST_USER='{way.user}'",
        f"export ST_KEY='{access.secret}'",
    )


def _rclone_example(file: str, remote: str, access: Access) -> str:
    far = f"{remote}:{access.bucket}/data"
    return f"rclone --config {file} copy " + (f"{far} /restored" if access.restores else f"/data {far}")


def _versions(access: Access) -> tuple[str, ...]:
    if not access.restores:
        return ()
    return (f"# Earlier and deleted versions: {access.bucket}.versions/, named after the moment of writing.",)


def _how_to_fill(access: Access) -> tuple[str, ...]:
    return () if access.secret_key else (f"# In place of {SECRET_HERE}: what `rclone obscure` makes of it.",)


def _obscured(access: Access) -> str:
    """As rclone's configuration holds passwords: a random start, then AES-CTR with a key that everybody has."""
    if access.secret_key is None:
        return SECRET_HERE
    start = os.urandom(16)
    hidden = Cipher(AES(_RCLONE), CTR(start)).encryptor().update(access.secret.encode())
    return urlsafe_b64encode(start + hidden).decode().rstrip("=")
