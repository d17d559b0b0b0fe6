"""`rgwadmin`, guarded, and with the HTTP status kept. Imported at the first call only."""

import logging
from typing import Any, Final

import requests
from rgwadmin.rgw import RGWAdmin

from provisioning.domain.errors import ProviderError
from provisioning.providers.ceph.client.errors import CEPH, Said, translate
from provisioning.providers.ceph.client.guard import refuse_admin
from provisioning.providers.peer import is_untrusted, seconds

CONNECT_S: Final = 3
READ_S: Final = 10

# Both print the whole URL at DEBUG, and Admin Ops carries secret keys in it.
for _name in ("rgwadmin", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class GuardedAdmin(RGWAdmin):
    """Every request of the library passes `request`, so the guard stands here and nowhere else."""

    doing = "calling"

    def request(self, method: str, request: str, headers: Any = None, data: Any = None) -> Any:
        refuse_admin(method, request)
        # `from None`: the library's exceptions hold the URL, and with it secrets.
        try:
            return super().request(method, request, headers, data)
        except requests.exceptions.ConnectionError as error:
            raise _broken(error, self.doing) from None
        except requests.exceptions.Timeout:
            raise CEPH.cut(self.doing) from None
        except requests.exceptions.RequestException:
            raise CEPH.unusable(self.doing, "broke off") from None

    def _load_request(self, r: requests.Response) -> Any:
        """The JSON, None for an empty success; else the error that the answer means."""
        body: Any = None
        if r.content:
            try:
                body = r.json()
            except ValueError:
                if r.ok:
                    raise CEPH.unusable(self.doing, "was no JSON") from None
        if r.ok:
            return body
        code = str(body.get("Code", "")) if isinstance(body, dict) else ""
        raise translate(Said(self.doing, r.status_code, code, seconds(r.headers.get("Retry-After"))))


def _broken(error: requests.exceptions.ConnectionError, doing: str) -> ProviderError:
    if isinstance(error, requests.exceptions.Timeout):
        return CEPH.cut(doing)
    if is_untrusted(error):
        return CEPH.untrusted(doing)
    inner = getattr(error.args[0], "reason", None) if error.args else None
    refused = type(inner).__name__ in ("NewConnectionError", "NameResolutionError")
    return CEPH.unreachable(doing) if refused else CEPH.cut(doing)


def connect(server: str, secure: bool, access_key: str, secret_key: str, ca_file: str | None) -> GuardedAdmin:
    """A client without a pool: nothing to inherit through a fork."""
    made = GuardedAdmin(  # type: ignore[no-untyped-call]
        access_key,
        secret_key,
        server,
        secure=secure,
        ca_bundle=ca_file,
        timeout=(CONNECT_S, READ_S),
    )
    assert isinstance(made, GuardedAdmin)
    return made
