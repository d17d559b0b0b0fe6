"""`proxmoxer` with the platform's authority and a time-out that fits, its refusals translated. Imported lazily."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from provisioning.domain.errors import PermanentError, PlatformDown
from provisioning.domain.observation import InProgress
from provisioning.providers.peer import Peer
from provisioning.providers.proxmox.client.credentials import Credentials
from provisioning.providers.proxmox.client.errors import (
    BACKUP_SERVER,
    PROXMOX,
    BackupServerAway,
    Said,
    TaskFailed,
    is_idle,
    translate,
)

PORTS: Final = {"PVE": 8006, "PBS": 8007}
# Its default of 5 s is shorter than what Proxmox itself waits for a lock (10 s) or a storage.
TIMEOUT_S: Final = 60

# Seconds between two looks at a task: most take one or two.
POLL_S: Final = 1.0

# It logs what is posted at INFO: passwords.
logging.getLogger("proxmoxer").setLevel(logging.WARNING)
logging.getLogger("proxmoxer.core").setLevel(logging.WARNING)


class Api:
    """One cluster (`service` PVE), or one Backup Server (PBS). A connection is one process's own."""

    def __init__(
        self, url: str, credentials: Callable[[], Credentials], ca_file: str | None, service: str = "PVE"
    ) -> None:
        self._url = urlsplit(url)
        self._service = service
        self._credentials = credentials
        self._ca_file = ca_file
        self.peer = BACKUP_SERVER if service == "PBS" else PROXMOX
        self._opened: dict[int, Any] = {}

    @property
    def identity(self) -> str:
        """Who the portal is over there: `user@realm!token`."""
        mine = self._credentials()
        return f"{mine.user}!{mine.token}"

    def listed(self, doing: str, path: str, /, **words: Any) -> list[dict[str, Any]]:
        """A list of objects."""
        found = self.call(doing, "get", path, **words)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise PROXMOX.unusable(doing, "was no list")
        return found

    def shown(self, doing: str, path: str, /, **words: Any) -> dict[str, Any]:
        """One object. `errors` alone is how the library hands on a page that is no JSON."""
        found = self.call(doing, "get", path, **words)
        if not isinstance(found, dict) or set(found) == {"errors"}:
            raise PROXMOX.unusable(doing, "was no object")
        return found

    def call(self, doing: str, method: str, path: str, /, **words: Any) -> Any:
        """What stands under `data`. Raises what `errors.TABLE` says."""
        with self._translating(doing):
            return getattr(self._api()(path.strip("/")), method)(**words)

    def stream(self, doing: str, path: str, /, **words: Any) -> Iterator[bytes]:
        """Bytes, a MiB at a time, as they come. What says no length must be held against one that is known."""
        with self._translating(doing):
            session, base = self._api()._store["session"], self._api()._store["base_url"]
            with closing(session.get(f"{base}/{path.strip('/')}", params=words, stream=True)) as answer:
                if answer.status_code != 200:
                    raise translate(Said(doing, answer.status_code, str(answer.reason or "")))
                if answer.headers.get("Content-Type") != "application/octet-stream":
                    raise self.peer.unusable(doing, "is somebody else's")
                yield from answer.iter_content(1 << 20)

    @contextmanager
    def _translating(self, doing: str) -> Iterator[None]:
        """The library's failures come out as the portal's, and those of a Backup Server under its own name."""
        try:
            with _translated(doing, self.peer):
                yield
        except PlatformDown as down:
            if self._service == "PBS":
                raise BackupServerAway(down.message, retry_after=down.retry_after, unsent=down.unsent) from None
            raise

    def started(self, doing: str, method: str, path: str, /, **words: Any) -> str:
        """The UPID of a task. Nothing is done by it yet, and the answer says nothing of how it will end."""
        upid = self.call(doing, method, path, **words)
        if not isinstance(upid, str) or not upid.startswith("UPID:"):
            raise PROXMOX.unusable(doing, "names no task")
        return upid

    def task(self, doing: str, upid: str) -> InProgress | None:
        """None when it ended well, and when somebody else was at work or had done it before: who looks sees that.
        `stopped` is not success: TaskFailed says the `exitstatus`.
        """
        status = self.shown(doing, f"nodes/{upid.split(':')[1]}/tasks/{upid}/status")
        if status.get("status") == "running":
            return InProgress(upid, POLL_S)
        end = str(status.get("exitstatus", ""))
        if end == "OK" or end.startswith("WARNINGS") or is_idle(end):
            return None
        raise TaskFailed(doing, end)

    def at_work(self, doing: str, node: str, kind: str, vmid: int | None = None) -> InProgress | None:
        """A task of that kind of the portal's own that runs on that node: one whose UPID was lost."""
        mine = self._credentials()
        words = {"source": "active", "typefilter": kind, **({"vmid": vmid} if vmid else {})}
        for task in self.listed(doing, f"nodes/{node}/tasks", **words):
            if (task.get("user"), task.get("tokenid")) == (mine.user, mine.token) and not task.get("endtime"):
                return InProgress(str(task["upid"]), POLL_S)
        return None

    def _api(self) -> Any:
        if os.getpid() not in self._opened:
            from proxmoxer import ProxmoxAPI

            if not self._url.hostname:
                raise PermanentError(
                    f"The region file gives no address for this platform's {self._service}; the region's operator "
                    "must add it."
                )
            mine = self._credentials()
            self._opened[os.getpid()] = ProxmoxAPI(
                self._url.hostname,
                port=self._url.port or PORTS[self._service],
                service=self._service,
                user=mine.user,
                token_name=mine.token,
                token_value=mine.secret.reveal(),
                verify_ssl=self._ca_file or True,
                timeout=TIMEOUT_S,
            )
        return self._opened[os.getpid()]


@contextmanager
def _translated(doing: str, peer: Peer) -> Iterator[None]:
    from proxmoxer import ResourceException
    from requests import exceptions

    try:
        yield
    except ResourceException as error:
        # `from None`: the library's exceptions hold what was sent.
        raise translate(Said(doing, error.status_code, _reason(error), _wrong(error.errors))) from None
    except exceptions.SSLError:
        raise peer.untrusted(doing) from None
    except exceptions.ConnectTimeout:
        raise peer.unreachable(doing) from None
    except exceptions.Timeout:
        raise peer.cut(doing) from None
    except exceptions.ConnectionError as error:
        refused = "refused" in str(error).lower() or "NewConnectionError" in str(error)
        raise (peer.unreachable if refused else peer.cut)(doing) from None
    except (exceptions.RequestException, ValueError, KeyError):
        raise peer.unusable(doing, "broke off") from None


def _wrong(errors: Any) -> dict[str, str]:
    """Parameters at fault; a body that is no JSON comes as bytes under `errors`."""
    found = errors if isinstance(errors, dict) else {}
    return {str(name): text for name, text in found.items() if isinstance(text, str)}


def _reason(error: Any) -> str:
    """The reason line, which the library puts before the parameters at fault."""
    return str(error.content or "").partition(" - {")[0].strip()
