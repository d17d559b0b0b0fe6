"""T17: every act of every address is told once in the trail, and what the trail cannot take has not happened.

Acts stand in tests/scene/acts.py; one that is missing there is found by walking the portal's addresses.
"""

from typing import Any

import pytest

from tenants.models import AuditEvent, AuditPersonalData
from tests.elaastic.region import region
from tests.personas import world
from tests.scene.acts import ACTS, OF_THE_API, OF_THE_PAGES
from tests.scene.addresses import addresses
from tests.scene.stage import Stage, stage
from tests.scene.stored import everything_stored

__all__ = ["region", "stage", "world"]

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def test_every_call_of_the_api_that_may_change_something_is_an_act() -> None:
    offered = {(str(a), method) for a in addresses() if a.is_api for method in a.methods & CHANGING}
    assert offered == {(act.address, act.method) for act in OF_THE_API}


def test_a_page_that_is_no_act_changes_nothing_whoever_presses(stage: Stage) -> None:
    """Filters, what a form shows before it is sent, and the addresses that take no POST."""
    known, wrong = {act.address for act in OF_THE_PAGES}, []
    for address in addresses():
        if address.is_api or str(address) in known:
            continue
        for who in ("owner", "approver", "administrator"):
            before = _lasting()
            stage.pages.client(who).post(address.of(stage.town))
            wrong += [f"{who} {address}"] if _lasting() != before else []
    assert wrong == []


def _lasting() -> dict[str, Any]:
    """Without drafts: what somebody types is nobody's act."""
    return {label: rows for label, rows in everything_stored().items() if label != "elaastic.Draft"}


def test_every_act_is_told_once_in_the_trail(stage: Stage) -> None:
    wrong = []
    for act in ACTS:
        with stage.set_for(act):
            before, last = _lasting(), AuditEvent.objects.latest("pk").pk
            answer = stage.play(act)
            told = list(AuditEvent.objects.filter(pk__gt=last).values_list("action", flat=True))
            changed = _lasting() != before
        if answer.status_code >= 400 or sorted(told) != sorted(act.told) or changed != bool(act.told):
            wrong.append(f"{act}: {answer.status_code}, told {told}, changed {changed}")
    assert wrong == []


def test_what_the_trail_cannot_take_has_not_happened(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trail's last statement fails: the act, its event and everything around it are gone."""

    def full_disk(**_row: Any) -> None:
        raise OSError("no space left on device")

    wrong = []
    for act in ACTS:
        if not act.told:
            continue
        with stage.set_for(act), monkeypatch.context() as patch:
            body = act.body(stage)
            before = _without_tries(_lasting())
            patch.setattr(AuditPersonalData.objects, "create", full_disk)
            answer = stage.play(act, body=body)
            moved = [label for label, rows in _without_tries(_lasting()).items() if rows != before[label]]
        if moved or answer.status_code != 500:
            wrong.append(f"{act}: {answer.status_code}, {moved}")
    assert wrong == []


def _without_tries(stored: dict[str, Any]) -> dict[str, Any]:
    """A try at a code is counted before it is looked at, whatever becomes of it."""
    return {
        label: [{name: value for name, value in row.items() if name != "tries_left"} for row in rows]
        for label, rows in stored.items()
    }
