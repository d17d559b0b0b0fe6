"""`python -m gateway.login`: rclone's question at each login, answered by the storage itself.

Who logs in gives an S3 key: the user is the access key, the password the secret key. With it, and with nothing
else, the *door* of the key's own tenant is read: a bucket without objects whose tags name the archives, readable
only through a protocol that the authority has (its policy looks at the user agent, which is ours to set). So the
gateway needs no database, no portal and no secret of its own, and a wrong password, a suspended identity, a
revoked key and a protocol that was not chosen are all refused by the storage.

1. Read {"user", "pass"} from standard input.
2. Read the door, signed with them. Anything but 200: end with 1, which rclone tells the client as a refusal.
3. May the key list versions? Then it is for restoring, and every archive is shown a second time with its versions.
4. Print the configuration of an rclone remote that shows one folder an archive.
"""

import json
import os
import ssl
import sys
from dataclasses import dataclass
from typing import IO, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from xml.etree import ElementTree

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from provisioning.kinds.ceph import DOOR, DOOR_TAG

VERSIONS: Final = ".versions"  # after it in the folder that shows its versions; no bucket of ours has a dot
WAIT_S: Final = 10

# Of unknown length, as every upload through a gateway is: 10,000 parts make 160 GiB, two of them in memory.
PART_MIB: Final = 16


_NOTHING: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of no bytes


class Refused(Exception):
    """Nobody is let in; the sentence goes into the gateway's log."""


@dataclass(frozen=True)
class Storage:
    """Where the archives are, and the name under which the gateway goes there."""

    endpoint: str
    region: str
    user_agent: str
    ca_file: str | None = None

    def read(self, user: str, password: str, path: str) -> bytes:
        """GET, signed with the key that somebody gave. Raises Refused."""
        asked = AWSRequest("GET", f"{self.endpoint}/{path}", headers={"x-amz-content-sha256": _NOTHING})
        SigV4Auth(Credentials(user, password), "s3", self.region).add_auth(asked)
        headers = {**asked.headers, "User-Agent": self.user_agent}
        trusted = ssl.create_default_context(cafile=self.ca_file)
        try:
            request = Request(f"{self.endpoint}/{path}", headers=headers)  # noqa: S310 - as the operator wrote it
            with urlopen(request, timeout=WAIT_S, context=trusted) as answer:  # noqa: S310
                return bytes(answer.read())
        except HTTPError as error:
            raise Refused(f"The storage answered {error.code} {_code(error)}.") from None
        except OSError as error:
            raise Refused(f"The storage does not answer: {error}.") from None


def _code(error: HTTPError) -> str:
    try:
        return ElementTree.fromstring(error.read()).findtext("Code") or ""  # noqa: S314 - our own storage's
    except ElementTree.ParseError:
        return ""


def archives(storage: Storage, user: str, password: str) -> list[str]:
    """Buckets that this key opens through this protocol. Raises Refused."""
    tags = ElementTree.fromstring(storage.read(user, password, f"{DOOR}?tagging="))  # noqa: S314
    keys = [element.text or "" for element in tags.iter() if element.tag.rpartition("}")[2] == "Key"]
    return sorted(key.removeprefix(DOOR_TAG) for key in keys if key.startswith(DOOR_TAG))


def reads_versions(storage: Storage, user: str, password: str, bucket: str) -> bool:
    """The key that restores may; the one that writes may not."""
    try:
        storage.read(user, password, f"{bucket}?max-keys=1&versions=")
    except Refused:
        return False
    return True


def remote(storage: Storage, user: str, password: str) -> dict[str, str]:
    """What rclone shall show: a folder an archive, and to the key that restores another with all versions."""
    found = archives(storage, user, password)
    if not found:
        raise Refused("The door names no archive.")
    shown = [f"{bucket}={_bucket(storage, user, password, bucket)}" for bucket in found]
    if reads_versions(storage, user, password, found[0]):
        more = {"versions": "true"}
        shown += [f"{bucket}{VERSIONS}={_bucket(storage, user, password, bucket, **more)}" for bucket in found]
    return {"type": "combine", "_root": "", "upstreams": " ".join('"' + s.replace('"', '""') + '"' for s in shown)}


def _bucket(storage: Storage, user: str, password: str, bucket: str, **more: str) -> str:
    settings = {
        "provider": "Ceph",
        "access_key_id": user,
        "secret_access_key": password,
        "endpoint": storage.endpoint,
        "region": storage.region,
        "force_path_style": "true",
        "no_check_bucket": "true",
        "chunk_size": f"{PART_MIB}Mi",
        "upload_concurrency": "2",
        **more,
    }
    return ":s3," + ",".join(f"{name}={_quoted(value)}" for name, value in settings.items()) + f":{bucket}"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def main(asked: IO[str], answer: IO[str]) -> int:
    """0 and a remote, or 1 and a reason in the log."""
    given = json.load(asked)
    env = os.environ
    storage = Storage(
        env["GATEWAY_ENDPOINT"],
        env["GATEWAY_REGION"],
        env["GATEWAY_USER_AGENT"],
        env.get("GATEWAY_CA_FILE") or None,
    )
    try:
        if "pass" not in given:
            raise Refused("Only a password opens: the secret key.")
        json.dump(remote(storage, given["user"], given["pass"]), answer)
    except Refused as refused:
        print(f"{given.get('user', '')[:64]!r}: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
