"""`/operations/`: restore tests, drills, failovers and exports in one list, newest first."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count, product
from typing import Any

import pytest

from elaastic.models import Drill, Export, Failover, Request, RestoreTest, Subscription
from provisioning.domain.course import Course, Machine, Place, Source, Step
from provisioning.models import Operation, Stack
from provisioning.services.clock import now
from tests.elaastic.flow import Flow

KINDS = ("restore_test", "drill", "failover", "export")
COURSE = Course(
    "192.168.1.0/24",
    Place({"openstack": "cloud"}, "pesaro"),
    (Machine("web", "openstack", 1, 1024, 10, Source("images", "web/disk", "v1", 1, "0" * 128, "qcow2")),),
    (Step("start", 1, "web"),),
).as_json()
_numbers = count(1)


def of_every_kind(flow: Flow, row: Subscription, moments: Iterable[datetime], who: str = "owner") -> None:
    """One of each kind a moment, all of them over: as workers leave them."""
    by, approver = flow.world[who].user, flow.world["approver"].user
    for moment in moments:
        over = {"asked_by": by, "asked_at": moment}
        RestoreTest.objects.create(
            subscription=row, archive="backup", tool="restic", ended_at=moment, outcome="stopped", **over
        )
        drill = Drill(subscription=row, plan_version=1, operation_key=_operation(row, "drill", moment), **over)
        drill.save()
        asked = Request.objects.create(
            subscription=row, kind="fail_over", level=row.level, terms=row.terms, requested_by=by,
            decided_by=approver, decision="approved", decided_at=moment, applied_at=moment,
        )  # fmt: skip
        failover = Failover.objects.create(
            subscription=row, request=asked, plan_version=1, was_stale=False, course=COURSE,
            operation_key=_operation(row, "failover", moment), **over,
        )  # fmt: skip
        Request.objects.create(
            subscription=row, kind="fail_back", level=row.level, terms=row.terms, requested_by=by,
            decided_by=approver, decision="approved", decided_at=moment, applied_at=moment,
        )  # fmt: skip
        Export.objects.create(failover=failover, operation_key=_operation(row, "export", moment), **over)


def _operation(row: Subscription, kind: str, moment: datetime) -> str:
    host = Stack.objects.get(key=row.stack_key)
    stack = Stack.objects.create(key=f"op{next(_numbers)}", purpose=Stack.Purpose.OPERATION, state="gone")
    Operation.objects.create(
        stack=stack, host=host, kind=kind, course=COURSE, place=3, verdict="stopped",
        entered_at=moment, begun_at=moment, judged_at=moment, ended_at=moment,
    )  # fmt: skip
    return str(stack.key)


@pytest.fixture
def ours(flow: Flow) -> Subscription:
    """A town with three of each kind, two of them asked for at one moment."""
    row = Subscription.objects.get(public_id=flow.active()["id"])
    moment = now()
    of_every_kind(flow, row, (moment, moment, moment - timedelta(hours=1)))
    return row


def listed(flow: Flow, who: str = "owner", **query: Any) -> list[dict[str, Any]]:
    return list(flow.get(who, "/operations/", **query).json()["items"])


def test_each_kind_is_told_in_one_shape_and_is_found_at_its_address(flow: Flow, ours: Subscription) -> None:
    told = listed(flow)
    assert len(told) == 12
    shapes = {tuple(item) for item in told}
    assert shapes == {
        ("id", "kind", "url", "subscription", "authority", "state", "asked_by", "asked_at", "ended_at")
    }
    states = {"restore_test": "stopped", "drill": "stopped", "failover": "ended", "export": "stopped"}
    for item in told:
        assert item["state"] == states[item["kind"]]
        assert (item["subscription"], item["authority"]) == (
            str(ours.public_id), str(ours.authority.public_id)
        )  # fmt: skip
        itself = flow.world["owner"].client().get(item["url"]).json()
        same = ("id", "subscription", "authority", "state", "asked_by", "asked_at", "ended_at")
        assert {name: itself[name] for name in same} == {name: item[name] for name in same}
        assert flow.world["stranger"].client().get(item["url"]).status_code == 404
    assert [item["asked_at"] for item in told] == sorted((item["asked_at"] for item in told), reverse=True)


def test_a_cursor_meets_each_once_forth_and_back_though_moments_are_equal(flow: Flow, ours: Subscription) -> None:
    for limit, sort in product((1, 3, 5), ("-asked_at", "asked_at")):
        _goes_forth_and_back(flow, limit, sort)


def _goes_forth_and_back(flow: Flow, limit: int, sort: str) -> None:
    whole = [item["id"] for item in listed(flow, sort=sort)]
    client = flow.world["owner"].client()
    page = flow.get("owner", "/operations/", limit=limit, sort=sort).json()
    pages = [page]
    while "next" in page:
        page = client.get(page["next"]).json()
        pages.append(page)
    assert [item["id"] for page in pages for item in page["items"]] == whole
    assert all(len(page["items"]) == limit for page in pages[:-1])
    for before in reversed(pages[:-1]):
        page = client.get(page["previous"]).json()
        assert page["items"] == before["items"]
    assert "previous" not in page


def test_what_came_meanwhile_moves_no_page(flow: Flow, ours: Subscription) -> None:
    first = flow.get("owner", "/operations/", limit=5).json()
    rest = [item["id"] for item in listed(flow)][5:]
    of_every_kind(flow, ours, [now()])
    told = flow.world["owner"].client().get(first["next"].replace("limit=5", "limit=200")).json()
    assert [item["id"] for item in told["items"]] == rest


def test_it_is_narrowed_by_kind_subscription_authority_and_words(flow: Flow, ours: Subscription) -> None:
    other = Subscription.objects.get(public_id=flow.active("stranger")["id"])
    of_every_kind(flow, other, [now()], "stranger")
    assert len(listed(flow, "auditor")) == 16
    for kind in KINDS:
        assert [item["kind"] for item in listed(flow, "auditor", kind=kind)] == [kind] * 4
        mine = listed(flow, "auditor", kind=kind, subscription=str(ours.public_id))
        assert [item["subscription"] for item in mine] == [str(ours.public_id)] * 3
    assert len(listed(flow, "auditor", authority=str(other.authority.public_id))) == 4
    assert len(listed(flow, "auditor", q=other.authority.name)) == 4
    assert {item["kind"] for item in listed(flow, "auditor", q="backup")} == {"restore_test"}


def test_what_cannot_be_meant_is_refused(flow: Flow) -> None:
    for at_fault, value in (
        ("kind", "rotate"), ("subscription", "ours"), ("state", "passed"), ("sort", "kind"),
        ("cursor", "WzEsMiwzXQ=="), ("cursor", "bm8="),
    ):  # fmt: skip
        refused = flow.get("owner", "/operations/", **{at_fault: value})
        assert (refused.status_code, set(refused.json()["errors"])) == (400, {at_fault})


def test_nobody_sees_another_towns(flow: Flow, ours: Subscription) -> None:
    other = Subscription.objects.get(public_id=flow.active("stranger")["id"])
    of_every_kind(flow, other, [now()], "stranger")
    for who, expected in (("owner", ours), ("viewer", ours), ("stranger", other)):
        assert {item["subscription"] for item in listed(flow, who)} == {str(expected.public_id)}
    assert listed(flow, "stranger", subscription=str(ours.public_id)) == []
    assert listed(flow, "nobody") == []
    narrowed = flow.world["auditor"].with_token(authority=flow.world.other).client()
    seen = narrowed.get("/rest/elaastic/v1/operations/").json()["items"]
    assert {item["subscription"] for item in seen} == {str(other.public_id)}
    assert flow.get("scoped_token", "/operations/").json()["code"] == "missing_scope"


def test_restore_tests_keep_a_list_of_their_own(flow: Flow, ours: Subscription) -> None:
    told = flow.get("owner", "/operations/restore-tests/", state="stopped", archive="backup").json()["items"]
    assert [item["id"] for item in told] == [item["id"] for item in listed(flow, kind="restore_test")]
    assert {item["tool"] for item in told} == {"restic"}


def test_a_long_list_costs_what_a_short_one_does(
    flow: Flow, ours: Subscription, queries: Callable[[Callable[[], Any]], int]
) -> None:
    client = flow.world["auditor"].client()

    def page() -> None:
        assert client.get("/rest/elaastic/v1/operations/", {"limit": 200}).status_code == 200

    page()
    few = queries(page)
    of_every_kind(flow, ours, (now() - timedelta(minutes=n) for n in range(50)))
    assert len(listed(flow, limit=200)) == 200
    assert queries(page) == few
    assert few <= 16
