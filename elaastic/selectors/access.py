"""One credential and every way to use it: what client configurations and pages are made of."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from provisioning.domain.secrets import Secret

SECRET_HERE: Final = "<SECRET KEY>"  # noqa: S105 - what stands there until the secret does


@dataclass(frozen=True)
class Way:
    """A protocol beside S3. The password is the secret key, whoever the `user` is; `host_key` is SFTP's alone."""

    protocol: str
    url: str
    user: str
    host_key: str = ""

    @property
    def host(self) -> str:
        """Its name or number."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """As said, or the scheme's own."""
        parts = urlsplit(self.url)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme, 22)

    @property
    def fingerprint(self) -> str:
        """Of the host key, as OpenSSH and PuTTY show it; "" where there is none."""
        if not self.host_key:
            return ""
        return "SHA256:" + b64encode(sha256(b64decode(self.host_key.split()[1])).digest()).decode().rstrip("=")


@dataclass(frozen=True)
class Connection:
    """Where a subscription's archives are reached. `ways`: protocol -> address, in the order of the pages."""

    endpoint: str
    region: str
    buckets: tuple[str, ...]
    tenant: str = ""
    ways: Mapping[str, str] = field(default_factory=dict)
    host_key: str = ""

    def access(self, name: str, access_key: str, secret_key: Secret | None = None) -> "Access":
        """The same for one credential. Swift knows a key as a part of its identity."""
        users = {"swift": f"{self.tenant}${name}:{access_key}"}
        ways = tuple(
            Way(p, url, users.get(p, access_key), self.host_key if p == "sftp" else "")
            for p, url in self.ways.items()
        )
        return Access(name, self.endpoint, self.region, access_key, self.buckets, secret_key, ways)


@dataclass(frozen=True)
class Access:
    """One credential and where it is used. `secret_key` is None until somebody has it at hand."""

    name: str
    endpoint: str
    region: str
    access_key: str
    buckets: tuple[str, ...]
    secret_key: Secret | None = None
    ways: tuple[Way, ...] = ()

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

    def way(self, protocol: str) -> Way:
        """The way by this protocol; KeyError when it was not chosen."""
        return {way.protocol: way for way in self.ways}[protocol]

    @property
    def restores(self) -> bool:
        """The key that reads everything and writes nothing."""
        return self.name == "restore"


@dataclass(frozen=True)
class ConfigFile:
    """A file to save: its name, and its text, which ends with a newline."""

    filename: str
    text: str


def archives_line(access: Access) -> tuple[str, ...]:
    return (f"# Archives: {', '.join(access.buckets)}",)


def config_file(filename: str, *lines: str) -> ConfigFile:
    return ConfigFile(filename, "\n".join(lines) + "\n")
