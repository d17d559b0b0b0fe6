"""What a gateway's refusals mean, and that none of them says a secret."""

import json
import logging
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest

from provisioning.domain.errors import (
    AlreadyExists,
    PermanentError,
    PlatformDown,
    ProviderError,
    TemporaryError,
)
from provisioning.domain.handler import Target
from provisioning.domain.region import Platform, parse_region
from provisioning.kinds.ceph import KeySpec, UserSpec
from provisioning.providers.ceph.client.errors import NotThere, Said, translate
from provisioning.providers.ceph.provider import CephProvider
from tests.provisioning.providers.ceph.town import Town, new_secrets


@pytest.mark.parametrize(
    ("status", "code", "family", "reason"),
    [
        (404, "NoSuchUser", NotThere, "NotThere"),
        (404, "NoSuchBucketPolicy", NotThere, "NotThere"),
        (404, "", TemporaryError, "PlatformBusy"),
        (500, "NoSuchUser", TemporaryError, "PlatformBusy"),
        (429, "", TemporaryError, "PlatformBusy"),
        (503, "SlowDown", TemporaryError, "PlatformBusy"),
        (503, "ServiceUnavailable", PlatformDown, "PlatformUnavailable"),
        (502, "", PlatformDown, "PlatformUnavailable"),
        (504, "", PlatformDown, "PlatformUnavailable"),
        (500, "InternalError", TemporaryError, "PlatformBusy"),
        (401, "", PermanentError, "Forbidden"),
        (403, "AccessDenied", PermanentError, "Forbidden"),
        (403, "RequestTimeTooSkewed", TemporaryError, "PlatformBusy"),
        (409, "BucketNotEmpty", PermanentError, "NotEmpty"),
        (409, "InvalidBucketState", PermanentError, "Refused"),
        (409, "OperationAborted", TemporaryError, "PlatformBusy"),
        (409, "UserAlreadyExists", AlreadyExists, "AlreadyExists"),
        (409, "KeyExists", AlreadyExists, "AlreadyExists"),
        (409, "Whatever", AlreadyExists, "AlreadyExists"),
        (400, "InvalidArgument", PermanentError, "Refused"),
        (200, "", TemporaryError, "PlatformBusy"),
    ],
)
def test_each_answer_has_one_meaning(status: int, code: str, family: type, reason: str) -> None:
    error = translate(Said("trying", status, code))
    assert type(error) is family
    assert error.reason == reason
    assert error.message.endswith(".")


def test_a_pause_asked_for_is_kept_and_nothing_was_done() -> None:
    error = translate(Said("trying", 429, "", retry_after=7.0))
    assert isinstance(error, TemporaryError)
    assert (error.retry_after, error.unsent) == (7.0, True)


def test_a_refusal_of_the_owners_new_key_is_waited_for() -> None:
    error = translate(Said("trying", 403, "AccessDenied", own_key=False))
    assert type(error) is TemporaryError


def test_a_full_archive_is_told_as_one_and_not_as_a_key_that_is_not_known_yet() -> None:
    error = translate(Said("trying", 403, "QuotaExceeded", own_key=False))
    assert (type(error), error.reason) == (PermanentError, "QuotaExceeded")


@pytest.fixture
def platform(simulated_region: Path) -> Iterator[Platform]:
    platform = parse_region(simulated_region.read_text()).platforms[0]
    yield platform
    _control(platform, "clear")


@pytest.fixture
def simulated_town(platform: Platform) -> Town:
    """With an owner in it. It goes with the region."""
    town = Town(platform, CephProvider(platform), f"errors-{uuid.uuid4().hex[:8]}", None)
    town.make_user("owner")
    return town


def _control(platform: Platform, verb: str, **words: Any) -> None:
    url = f"{platform.endpoints['api']}/control/{verb}"
    with urlopen(Request(url, json.dumps(words).encode(), method="POST"), timeout=5) as answer:
        assert answer.status == 200


FAULTS: list[tuple[dict[str, Any], type, bool]] = [
    ({"kind": "status", "status": 500}, TemporaryError, False),
    ({"kind": "status", "status": 502}, PlatformDown, False),
    ({"kind": "status", "status": 504}, PlatformDown, False),
    ({"kind": "status", "status": 429, "retry_after": 3}, TemporaryError, True),
    ({"kind": "reset"}, PlatformDown, False),
    ({"kind": "reset", "after": True}, PlatformDown, False),
    ({"kind": "timeout", "delay_ms": 100}, PlatformDown, False),
    ({"kind": "html"}, TemporaryError, False),
    ({"kind": "missing", "missing": "display_name", "after": True}, TemporaryError, False),
]


@pytest.mark.parametrize(("fault", "family", "unsent"), FAULTS, ids=str)
def test_a_fault_while_looking_is_never_absence(
    simulated_town: Town, fault: dict[str, Any], family: type, unsent: bool
) -> None:
    target = simulated_town.target("owner", UserSpec("owner"))
    _control(simulated_town.platform, "fault", **fault)
    with pytest.raises(TemporaryError) as raised:
        simulated_town.provider.handlers["ceph.user"].observe(target)
    assert type(raised.value) is family
    assert raised.value.unsent is unsent


@pytest.mark.parametrize(("fault", "family", "unsent"), FAULTS[:8], ids=str)
def test_a_fault_over_s3_is_as_temporary(
    simulated_town: Town, fault: dict[str, Any], family: type, unsent: bool
) -> None:
    _control(simulated_town.platform, "fault", **fault)
    with pytest.raises(TemporaryError) as raised:
        simulated_town.provider.marks("")
    assert issubclass(type(raised.value), family)


PAGE = b"<!DOCTYPE html><html><body>Not found</body></html>"
ANSWERS = [
    b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"display_name": "x',
    b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"display_name": "x',
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + PAGE,
    b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + PAGE,
    b"garbage\r\n",
]


@pytest.mark.parametrize("words", ANSWERS, ids=range(len(ANSWERS)))
@pytest.mark.parametrize("way", ["admin operations", "S3", "mon"])
def test_half_an_answer_or_a_strangers_page_is_never_absence_nor_an_empty_list(
    platform: Platform, words: bytes, way: str
) -> None:
    with _answering(words) as url:
        provider = CephProvider(replace(platform, endpoints={"api": url, "data": url, "mon": url}))
        calls = {
            "admin operations": lambda: provider._admin.user("a$owner"),
            "S3": lambda: provider.marks(""),
            "mon": provider.health,
        }
        with pytest.raises(TemporaryError):
            calls[way]()


@contextmanager
def _answering(words: bytes) -> Iterator[str]:
    """A server that says `words` to the first who asks, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def answer() -> None:
            with server.accept()[0] as connection:
                connection.settimeout(10)
                asked = connection.recv(65536)
                if b"POST" in asked:
                    connection.recv(65536) if asked.endswith(b"\r\n\r\n") else b""
                connection.sendall(words)

        thread = Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_nobody_at_the_address_means_nothing_was_sent(platform: Platform) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    provider = CephProvider(replace(platform, endpoints={"api": url, "data": url, "mon": f"{url}/mon"}))
    for call in (provider.probe, provider.capacity, lambda: provider.marks("")):
        with pytest.raises(PlatformDown) as raised:
            call()
        assert raised.value.unsent


def test_a_credentials_file_that_is_gone_says_whose_move_it_is(platform: Platform, tmp_path: Path) -> None:
    provider = CephProvider(replace(platform, credentials_file=str(tmp_path / "none.yaml")))
    with pytest.raises(PermanentError) as raised:
        provider.probe()
    assert raised.value.reason == "Forbidden"
    assert "operator" in raised.value.message


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "reset"}, {"kind": "html"}], ids=str)
def test_no_secret_is_in_an_error_or_a_log(
    simulated_town: Town, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    uid = f"{simulated_town.tenant}$owner"
    target = simulated_town.target("key", KeySpec(uid), secrets=new_secrets())
    error = _failed_create(simulated_town, target, fault)
    said = f"{error!r} {error.message} {error.__cause__!r} {caplog.text}"
    assert target.secrets["secret_key"].reveal() not in said


def _failed_create(town: Town, target: Target, fault: dict[str, Any]) -> ProviderError:
    _control(town.platform, "fault", **fault, route="admin_create_key")
    with pytest.raises(ProviderError) as raised:
        town.provider._admin.create_key(target.spec.user, "A" * 20, target.secrets["secret_key"])
    return raised.value
