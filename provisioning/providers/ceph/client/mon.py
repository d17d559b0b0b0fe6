"""Commands to the mons: `rados:/path/ceph.conf` through python-rados, `http://…` as JSON (the simulated region)."""

import errno
import json
import os
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from provisioning.domain.errors import PermanentError, TemporaryError
from provisioning.providers.ceph.client.credentials import Credentials
from provisioning.providers.ceph.client.errors import CEPH, Said, translate
from provisioning.providers.peer import is_untrusted

CONNECT_S: Final = 3
READ_S: Final = 10
# A handle inherited through a fork hangs for ever, and so would its clean-up: the parent's stay in here, unused.
_handles: Final[dict[tuple[int, str, str], Any]] = {}
_connecting = Lock()


class Mon:
    """Read commands only; the portal's cephx identity allows no others."""

    def __init__(self, endpoint: str, credentials: Callable[[], Credentials], ca_file: str | None) -> None:
        self._endpoint, self._credentials, self._ca_file = endpoint, credentials, ca_file

    def command(self, prefix: str, **arguments: Any) -> Any:
        """The decoded JSON answer of one command."""
        doing = f"asking the mons for `{prefix}`"
        words = {"prefix": prefix, "format": "json", **arguments}
        conf = self._endpoint.removeprefix("rados:")
        text = self._post(doing, words) if conf == self._endpoint else self._rados(doing, conf, words)
        try:
            return json.loads(text)
        except ValueError:
            raise CEPH.unusable(doing, "was no JSON") from None

    def _post(self, doing: str, words: dict[str, Any]) -> str:
        import requests

        try:
            answer = requests.post(
                self._endpoint, json=words, timeout=(CONNECT_S, READ_S), verify=self._ca_file or True
            )
        except requests.exceptions.Timeout:
            raise CEPH.cut(doing) from None
        except requests.exceptions.ConnectionError as error:
            raise (CEPH.untrusted if is_untrusted(error) else CEPH.unreachable)(doing) from None
        except requests.exceptions.RequestException:
            raise CEPH.unusable(doing, "broke off") from None
        if answer.ok:
            return answer.text
        raise translate(Said(doing, answer.status_code))

    def _rados(self, doing: str, conf: str, words: dict[str, Any]) -> str:
        try:
            import rados
        except ImportError:
            raise PermanentError(
                "This worker lacks python-rados; whoever installs it must add the distribution's python3-rados."
            ) from None
        try:
            code, answer, _ = self._handle(rados, conf).mon_command(json.dumps(words), b"", timeout=READ_S)
        except rados.TimedOut:
            raise CEPH.cut(doing) from None
        except (rados.PermissionError, rados.PermissionDeniedError):
            raise _forbidden(doing) from None
        except rados.Error:
            # No conf, no keyring or no mon: the library does not tell them apart, and the first two heal as well.
            raise CEPH.unreachable(doing) from None
        if not code:
            return bytes(answer).decode()
        if -code in (errno.EPERM, errno.EACCES):
            raise _forbidden(doing)
        if -code == errno.ETIMEDOUT:
            raise CEPH.cut(doing)
        raise TemporaryError(f"The mons refused ({code}) while {doing}; the portal asks again by itself.")

    def _handle(self, rados: Any, conf: str) -> Any:
        mine = self._credentials()
        key = (os.getpid(), conf, mine.rados_id)
        with _connecting:
            if key not in _handles:
                # connect(timeout=…) is ignored by the library; these three are what it obeys.
                limits = dict.fromkeys(
                    ("client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout"), str(READ_S)
                )
                own = {"keyring": mine.rados_keyring} if mine.rados_keyring else {}
                made = rados.Rados(conffile=conf, rados_id=mine.rados_id or "admin", conf=limits | own)
                made.connect()
                _handles[key] = made
            return _handles[key]


def _forbidden(doing: str) -> PermanentError:
    return PermanentError(
        f"The mons forbid the portal's cephx identity {doing}; the region's operator must give it `mon allow r`.",
        reason="Forbidden",
    )
