"""The S3 clients of a process, by key. No retries of the SDK's own: the engine looks first."""

import os
from threading import Lock
from typing import Any, Final

from provisioning.domain.secrets import Secret
from provisioning.providers.ceph.client.guard import refuse_s3
from provisioning.providers.ceph.client.s3 import Signed

CONNECT_S: Final = 3
READ_S: Final = 10
_KEPT: Final = 64  # clients at hand; making one costs some 10 ms


class S3:
    """One gateway's S3, for any key. Clients are kept by process: a pool inherited through a fork lies."""

    def __init__(self, url: str, ca_file: str | None) -> None:
        self._url, self._ca_file = url, ca_file
        self._clients: dict[tuple[int, str, Secret], Any] = {}
        self._session: Any = None
        self._making = Lock()

    def signed(self, access_key: str, secret_key: Secret, *, own_key: bool = False) -> "Signed":
        """Calls signed with this key; `own_key` when it is the portal's."""
        key = (os.getpid(), access_key, secret_key)
        with self._making:
            if key not in self._clients:
                while len(self._clients) >= _KEPT:
                    self._clients.pop(next(iter(self._clients)))
                self._clients[key] = self._client(access_key, secret_key)
            return Signed(self._clients[key], own_key)

    def _client(self, access_key: str, secret_key: Secret) -> Any:
        import boto3

        # Each session reads the SDK's description of S3 anew: a tenth of a second, and much garbage.
        self._session = self._session or boto3.session.Session()
        return _client(self._session, self._url, access_key, secret_key, self._ca_file)


def _client(session: Any, url: str, access_key: str, secret_key: Secret, ca_file: str | None) -> Any:
    from botocore.config import Config

    client = session.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key.reveal(),
        region_name="us-east-1",  # only signed, never looked up
        verify=ca_file or True,
        config=Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"total_max_attempts": 1},
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            # RGW 16 knows none of the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    client.meta.events.register("before-parameter-build.s3", lambda params, **_: refuse_s3(params))
    return client
