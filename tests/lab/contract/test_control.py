"""The harness's hand: what is planned happens, once and where it was planned, on the wire and in process."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from rgwadmin import RGWAdmin
from rgwadmin.exceptions import NoSuchUser, ServerDown

from lab.simulated.app import Region
from lab.simulated.inprocess import ENDPOINT, attach_boto, attach_session, region_in
from tests.lab.contract.place import Place
from tests.lab.contract.wire import send

UID = "ente$owner"


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return region_in(tmp_path)


@pytest.fixture
def admin(region: Region) -> Any:
    client = RGWAdmin("PORTAL", "portal-secret", "127.0.0.1:1", secure=False, pool_connections=True)
    attach_session(client._session, region)
    return client


@pytest.fixture
def owner(region: Region, admin: Any) -> Any:
    admin.create_user(uid=UID, display_name="x", access_key="OWNER", secret_key="s", generate_key=False)
    client = boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        aws_access_key_id="OWNER",
        aws_secret_access_key="s",
        region_name="marche",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    attach_boto(client, region)
    return client


def create(admin: Any) -> Any:
    return admin.create_user(uid=UID, display_name="x", access_key="K", secret_key="s", generate_key=False)


def users(admin: Any) -> set[str]:
    return set(admin.get_users()) - {"portal"}


def test_in_process_the_same_clients_work(region: Region, owner: Any) -> None:
    owner.create_bucket(Bucket="backup")
    owner.put_object(Bucket="backup", Key="k", Body=b"abc")
    assert owner.get_object(Bucket="backup", Key="k", Range="bytes=1-")["Body"].read() == b"bc"
    with pytest.raises(ClientError):
        owner.get_object(Bucket="backup", Key="none")


def test_a_status_is_answered_once_and_the_work_not_done(region: Region, admin: Any) -> None:
    region.control.fault(kind="status", status=503, call=1)
    with pytest.raises(Exception, match="SlowDown"):
        create(admin)
    assert users(admin) == set()
    create(admin)
    assert users(admin) == {UID}


def test_too_many_requests_says_when_to_come_back(region: Region) -> None:
    session = requests.Session()
    attach_session(session, region)
    region.control.fault(kind="status", status=429, retry_after=7)
    answer = session.get(f"{ENDPOINT}/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_an_answer_lost_after_the_work_leaves_the_work_done(region: Region, admin: Any) -> None:
    region.control.fault(kind="reset", after=True, route="admin_create_user")
    with pytest.raises(requests.exceptions.ConnectionError):
        create(admin)
    assert users(admin) == {UID}


def test_a_timeout_before_the_work_leaves_nothing(region: Region, admin: Any) -> None:
    region.control.fault(kind="timeout", delay_ms=50, route="admin_create_user")
    with pytest.raises(requests.exceptions.ReadTimeout):
        create(admin)
    assert users(admin) == set()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "refuse"}, EndpointConnectionError),
        ({"kind": "reset"}, ConnectionClosedError),
        ({"kind": "timeout", "delay_ms": 1}, ReadTimeoutError),
        ({"kind": "truncate"}, ConnectionClosedError),
    ],
)
def test_boto_sees_the_errors_that_a_socket_would_give(
    region: Region, owner: Any, fault: dict[str, object], error: type[Exception]
) -> None:
    region.control.fault(route="list_buckets", **fault)
    with pytest.raises(error):
        owner.list_buckets()
    assert owner.list_buckets()["Buckets"] == []


def test_a_page_of_a_proxy_is_not_taken_for_an_answer(region: Region, admin: Any) -> None:
    region.control.fault(kind="html", route="admin_get_user")
    assert admin.get_user(uid="portal") is None
    region.control.fault(kind="status", status=502, route="admin_get_user")
    with pytest.raises(Exception, match="BadGateway"):
        admin.get_user(uid="portal")


def test_a_field_can_be_missing(region: Region, admin: Any) -> None:
    region.control.fault(kind="missing", missing="keys", route="admin_get_user")
    assert "keys" not in admin.get_user(uid="portal")
    assert "keys" in admin.get_user(uid="portal")


def test_faults_can_skip_repeat_and_last_for_good(region: Region, admin: Any) -> None:
    region.control.fault(kind="status", status=500, route="admin_get_user", skip=1, times=-1)
    admin.get_user(uid="portal")
    for _ in range(3):
        with pytest.raises(Exception, match="InternalError"):
            admin.get_user(uid="portal")
    region.control.clear()
    assert admin.get_user(uid="portal")["user_id"] == "portal"


def test_the_log_numbers_every_call_and_holds_no_secret(region: Region, admin: Any) -> None:
    create(admin)
    with pytest.raises(NoSuchUser):
        admin.get_user(uid="nobody")
    log = region.control.calls()
    assert [(one["number"], one["route"], one["status"]) for one in log] == [
        (1, "admin_create_user", 200),
        (2, "admin_get_user", 404),
    ]
    assert {one["access_key"] for one in log} == {"PORTAL"}
    assert "portal-secret" not in json.dumps(log)


def test_a_saved_state_comes_back_bodies_and_all(region: Region, owner: Any) -> None:
    owner.create_bucket(Bucket="backup")
    owner.put_object(Bucket="backup", Key="k", Body=b"abc")
    region.store.save("before")
    owner.delete_object(Bucket="backup", Key="k")
    owner.delete_bucket(Bucket="backup")
    region.control.restore("before")
    assert owner.get_object(Bucket="backup", Key="k")["Body"].read() == b"abc"
    assert [one["number"] for one in region.control.calls()] == [1]


def test_listings_lag_for_as_many_calls_as_asked(region: Region, admin: Any) -> None:
    region.control.lag(1)
    create(admin)
    assert users(admin) == set()
    assert users(admin) == {UID}


def test_things_vanish_behind_our_back(region: Region, admin: Any, owner: Any) -> None:
    owner.create_bucket(Bucket="backup")
    owner.put_object(Bucket="backup", Key="k", Body=b"abc")
    region.control.take(bucket="ente/backup", key="k")
    assert "Contents" not in owner.list_objects_v2(Bucket="backup")
    region.control.take(user=UID)
    assert users(admin) == set()


def test_a_bucket_outlives_one_of_three_sites_and_not_two(region: Region, owner: Any) -> None:
    owner.create_bucket(Bucket="backup", CreateBucketConfiguration={"LocationConstraint": ":three-sites"})
    region.control.site("an", up=False)
    owner.put_object(Bucket="backup", Key="k", Body=b"abc")
    region.control.site("pu", up=False)
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        owner.put_object(Bucket="backup", Key="k", Body=b"abc")
    region.control.site("an", up=True)
    owner.put_object(Bucket="backup", Key="k", Body=b"abc")


def test_a_region_in_process_is_cheap(region: Region, admin: Any, owner: Any) -> None:
    """A fault case may cost 20 to 50 ms; restoring its state and a dozen calls must leave room for the engine."""
    owner.create_bucket(Bucket="backup")
    region.store.save("start")
    began = time.process_time()
    for _ in range(10):
        region.control.restore("start")
    assert (time.process_time() - began) / 10 < 0.010


# On the wire.


def control(place: Place, act: str, /, **given: object) -> None:
    request = urllib.request.Request(f"{place.endpoint}/control/{act}", json.dumps(given).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.loads(answer.read()) == {"ok": True}


@pytest.fixture
def wire(simulated: Place) -> Iterator[Place]:
    control(simulated, "clear")
    yield simulated
    control(simulated, "clear")


def test_on_the_wire_a_reset_is_a_reset(wire: Place) -> None:
    control(wire, "fault", kind="reset", route="list_buckets")
    with pytest.raises(ConnectionResetError):
        send(wire.endpoint, wire.portal, "GET", "/")
    assert send(wire.endpoint, wire.portal, "GET", "/").status == 200


def test_on_the_wire_a_saved_state_comes_back(wire: Place) -> None:
    control(wire, "save", name="before")
    wire.admin().create_user(uid=UID, display_name="x", access_key="SAVED", secret_key="s", generate_key=False)
    control(wire, "restore", name="before")
    with pytest.raises(NoSuchUser):
        wire.admin().get_user(uid=UID)


def test_on_the_wire_an_answer_can_be_cut_short(wire: Place) -> None:
    control(wire, "fault", kind="truncate", route="admin_get_user")
    with pytest.raises((requests.exceptions.RequestException, ServerDown)):
        wire.admin().get_user(uid="portal")


def test_the_portals_own_key_does_not_open_control(wire: Place) -> None:
    answer = send(wire.endpoint, wire.portal, "POST", "/control/reset", body=b"{}")
    assert answer.status == 403
    assert wire.admin().get_user(uid="portal")["user_id"] == "portal"


def test_a_page_in_a_browser_does_not_open_control(wire: Place) -> None:
    answer = send(
        wire.endpoint, None, "POST", "/control/reset", headers={"origin": "http://evil.example"}, body=b"{}"
    )
    assert answer.status == 403


def test_an_unknown_fault_is_refused_with_a_sentence(wire: Place) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        control(wire, "fault", kind="earthquake")
    assert error.value.code == 400


@pytest.mark.parametrize(("after", "made"), [(False, set()), (True, {UID})])
def test_the_caller_can_be_killed_on_either_side_of_the_work(wire: Place, after: bool, made: set[str]) -> None:
    """The caller is a process of its own that waits for its pid to be planned."""
    code = (
        "import sys; sys.stdin.readline(); from rgwadmin import RGWAdmin;"
        " RGWAdmin(sys.argv[1], sys.argv[2], sys.argv[3], secure=False)"
        f".create_user(uid='{UID}', display_name='x', access_key='KILLED', secret_key='s', generate_key=False)"
    )
    server = wire.endpoint.removeprefix("http://")
    command = [sys.executable, "-c", code, wire.portal.access_key, wire.portal.secret_key, server]
    caller = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    control(wire, "fault", kind="kill", pid=caller.pid, after=after, route="admin_create_user")
    caller.communicate("go\n", timeout=30)
    assert caller.returncode == -9
    found = set(wire.admin().get_users()) & {UID}
    control(wire, "take", user=UID)
    assert found == made
