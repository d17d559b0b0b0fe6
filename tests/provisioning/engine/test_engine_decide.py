"""decide(): what one observation means for one row at one moment. Nothing is asked, nothing is written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from provisioning.domain.errors import PlatformDown, TemporaryError
from provisioning.domain.observation import Absent, InProgress, Many, Observation, Present
from provisioning.engine.decide import Act, Decision, Note, decide
from provisioning.engine.trouble import LONGEST_BACKOFF_S, TELL_AFTER, later
from provisioning.models import Resource
from tests.provisioning.engine.model_kinds import GRACE_S, MODEL

NOW = datetime(2030, 1, 1, tzinfo=UTC)
THERE = Present("id-1", {"size": 1, "quota": 1}, {"id": "id-1"})
OTHER = Present("id-1", {"size": 2, "quota": 1})


def _decide(seen: Observation, kind: str = "project", *, has_secret: bool = True, **row: Any) -> Decision:
    declared = {"size": 1, "quota": 1, "needs": None}
    return decide(Resource(name=kind, kind=kind, **row), MODEL[kind], declared, seen, NOW, has_secret=has_secret)


def _told(decision: Decision) -> tuple[str, str]:
    """A note's state and reason, or the verb of an act."""
    if isinstance(decision, Act):
        return ("act", decision.verb)
    return (str(decision.changes.get("state", "")), decision.changes.get("reason", ""))


def _ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seen", "row", "told"),
    [
        (THERE, {}, ("ready", "")),
        (OTHER, {"permit": ["update"]}, ("act", "update")),
        (OTHER, {"permit": ["create"]}, ("act", "update")),
        (OTHER, {}, ("drifted", "NeedsApproval")),
        (OTHER, {"permit": ["update"], "attempts": 3}, ("blocked", "DoesNotStick")),
        (OTHER, {"permit": ["update"], "intent": "update", "intent_at": _ago(0.1)}, ("progressing", "Updating")),
        (Present("id-1", {"size": 1, "quota": 9}), {}, ("act", "update")),
        (Present("id-1", ours=False), {}, ("blocked", "NameTaken")),
        (Present("id-1", ours=False), {"wish": "absent"}, ("progressing", "Deleting")),
        (Present("id-9"), {"wish": "absent", "orphan": True, "external_id": "id-1"}, ("progressing", "Deleting")),
        (Present("id-1", ours=False), {"wish": "absent", "orphan": True, "external_id": "id-1"}, ("act", "delete")),
        (THERE, {"wish": "absent"}, ("act", "delete")),
        (THERE, {"wish": "absent", "intent": "delete", "intent_at": _ago(0.1)}, ("progressing", "Deleting")),
        (THERE, {"wish": "absent", "intent": "delete", "intent_at": _ago(200), "attempts": 7}, ("act", "delete")),
        (
            THERE,
            {"wish": "absent", "intent": "delete", "intent_at": _ago(200), "attempts": 8},
            ("blocked", "DoesNotGo"),
        ),
        (THERE, {"wish": "retained"}, ("retained", "")),
        (InProgress("task-1"), {}, ("progressing", "Creating")),
        (InProgress("task-1"), {"intent": "create", "intent_at": _ago(7100)}, ("progressing", "Creating")),
        (InProgress("task-1"), {"intent": "create", "intent_at": _ago(7300)}, ("blocked", "DoesNotFinish")),
        (Absent(), {}, ("act", "create")),
        (Absent(), {"ever_seen": True}, ("progressing", "Confirming")),
        (Absent(), {"external_id": "id-1"}, ("progressing", "Confirming")),
        (Absent(), {"ever_seen": True, "absent_since": _ago(11)}, ("drifted", "Vanished")),
        (Absent(), {"ever_seen": True, "absent_since": _ago(11), "permit": ["recreate"]}, ("act", "create")),
        (Absent(), {"wish": "absent"}, ("progressing", "Deleting")),
        (Absent(), {"wish": "absent", "absent_since": _ago(11)}, ("gone", "")),
        (Absent(), {"wish": "retained", "ever_seen": True, "absent_since": _ago(11)}, ("blocked", "Vanished")),
        (Absent(), {"wish": "retained", "absent_since": _ago(11)}, ("gone", "")),
    ],
)
def test_what_a_look_at_a_project_means(seen: Observation, row: dict[str, Any], told: tuple[str, str]) -> None:
    assert _told(_decide(seen, **row)) == told


@pytest.mark.parametrize(
    ("quota", "size", "told", "mended"),
    [
        (5, 1, ("drifted", "NeedsApproval"), None),
        (0, 1, ("act", "update"), {"quota": 1}),
        (None, 1, ("act", "update"), {"quota": 1}),
        (5, 9, ("act", "update"), {"size": 1}),
    ],
)
def test_what_lasts_longer_than_was_approved_is_not_shortened_without_a_person(
    quota: int | None, size: int, told: tuple[str, str], mended: dict[str, Any] | None
) -> None:
    lasting = replace(MODEL["project"], protects=frozenset({"quota", "size"}), lasts=frozenset({"quota"}))
    seen = Present("id-1", {"size": size, "quota": quota})
    decision = decide(Resource(name="project", kind="project"), lasting, {"size": 1, "quota": 1}, seen, NOW)
    assert _told(decision) == told
    assert getattr(decision, "after", None) == mended


@pytest.mark.parametrize(
    ("kind", "age", "told"),
    [
        ("project", 1, ("act", "create")),
        ("net", 1, ("progressing", "Creating")),
        ("net", GRACE_S + 1, ("act", "create")),
        ("server", 1, ("progressing", "Creating")),
        ("server", GRACE_S + 1, ("blocked", "AmbiguousCreate")),
    ],
)
def test_what_an_absent_object_means_whose_create_was_sent(kind: str, age: float, told: tuple[str, str]) -> None:
    assert _told(_decide(Absent(), kind, intent="create", intent_at=_ago(age))) == told


def test_a_pending_create_is_waited_for_before_its_teardown_is_over() -> None:
    young = _decide(Absent(), wish="absent", intent="create", intent_at=_ago(20), absent_since=_ago(15))
    assert _told(young) == ("progressing", "Creating")


def test_data_is_deleted_only_when_a_plan_gave_it_up() -> None:
    assert _told(_decide(THERE, "bucket", wish="absent", purge=True)) == ("act", "delete")
    kept = _decide(THERE, "bucket", wish="absent")
    assert isinstance(kept, Note)
    assert kept.changes["wish"] == "retained"


def test_a_deletion_needs_two_looks_of_its_own() -> None:
    act = _decide(THERE, wish="absent", absent_since=_ago(100))
    assert act.changes["absent_since"] is None


def test_of_many_only_an_empty_double_of_a_harmless_kind_is_removed() -> None:
    both = Many(("net-2", "net-1"), frozenset({"net-1", "net-2"}))
    act = _decide(both, "net", external_id="net-1")
    assert isinstance(act, Act)
    assert (act.verb, act.only_id, act.changes) == ("delete", "net-2", {"external_id": "net-1"})
    assert _told(_decide(Many(("net-1", "net-2")), "net")) == ("blocked", "AmbiguousCreate")
    assert _told(_decide(Many(("s-1", "s-2"), frozenset({"s-2"})), "server")) == ("blocked", "AmbiguousCreate")


def test_a_token_whose_secret_is_lost_gets_a_successor() -> None:
    act = _decide(THERE, "token", has_secret=False)
    assert isinstance(act, Act)
    assert (act.verb, act.successor_of) == ("create", "id-1")
    assert (act.changes["incarnation"], act.changes["external_id"]) == (2, "")
    assert _told(_decide(THERE, "token")) == ("ready", "")


@pytest.mark.parametrize(("kind", "next_one"), [("project", None), ("bucket", 2), ("token", 2), ("key", None)])
def test_what_is_made_again_starts_clean(kind: str, next_one: int | None) -> None:
    lost = {"ever_seen": True, "external_id": "id-1", "absent_since": _ago(11), "permit": ["recreate"]}
    act = _decide(Absent(), kind, **lost)
    assert (act.changes["external_id"], act.changes["ever_seen"]) == ("", False)
    assert act.changes.get("incarnation") == next_one
    assert act.changes["permit"] == ["create"]


def test_trouble_is_told_after_ten_minutes_and_backed_off_to_fifteen() -> None:
    down = PlatformDown("No answer.")
    assert later(Resource(), down, NOW)["state"] == "progressing"
    old = Resource(trouble_since=NOW - TELL_AFTER, failures=50)
    told = later(old, down, NOW)
    assert (told["state"], told["reason"]) == ("blocked", "PlatformUnavailable")
    assert told["next_look"] <= NOW + timedelta(seconds=LONGEST_BACKOFF_S)
    assert later(old, TemporaryError("429", retry_after=7), NOW)["next_look"] == NOW + timedelta(seconds=7)
