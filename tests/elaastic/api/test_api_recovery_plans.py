"""`/recovery-plans/`: the plan in force, whole; what it said before; and what is stored when two write at once."""

from typing import Any

import pytest

from tests.elaastic.flow import Flow
from tests.elaastic.machines import TERMS_2, hybrid
from tests.elaastic.region import MemoryProvider, workers_bring_everything_up, workers_make_plans
from tests.personas import API

__all__ = ["hybrid"]


@pytest.fixture
def where(flow: Flow, hybrid: MemoryProvider) -> str:
    """The plan of a town whose machines have their places."""
    asked = flow.ask(level=2, terms=TERMS_2).json()
    workers_make_plans()
    assert flow.approve(asked["request"]).status_code == 202
    workers_bring_everything_up()
    return f"/recovery-plans/{asked['id']}/"


def patch(flow: Flow, where: str, document: Any, who: str = "owner", **headers: str) -> Any:
    client = flow.world[who].client()
    return client.patch(f"{API}{where}", {"document": document}, format="json", headers=headers)


def test_the_plan_is_read_changed_whole_and_its_versions_stay(flow: Flow, where: str) -> None:
    read = flow.get("owner", where)
    plan = read.json()
    assert (plan["version"], plan["saved_by"], plan["stale"], plan["stale_reasons"]) == (1, None, False, [])
    document = {**plan["document"], "notes": "Le chiavi sono dal sindaco."}
    saved = patch(flow, where, document, **{"If-Match": read.headers["ETag"]})
    assert saved.status_code == 200, saved.json()
    assert saved.json()["version"] == 2
    assert flow.get("owner", where).headers["ETag"] == saved.headers["ETag"] != read.headers["ETag"]
    versions = flow.get("owner", f"{where}versions/").json()["items"]
    assert [(v["version"], v["document"]["notes"]) for v in versions] == [
        (2, "Le chiavi sono dal sindaco."), (1, ""),
    ]  # fmt: skip


def test_who_read_an_older_one_is_told(flow: Flow, where: str) -> None:
    read = flow.get("owner", where)
    document = read.json()["document"]
    assert (
        patch(flow, where, {**document, "notes": "Prima."}, **{"If-Match": read.headers["ETag"]}).status_code == 200
    )
    late = patch(flow, where, {**document, "notes": "Dopo."}, **{"If-Match": read.headers["ETag"]})
    assert (late.status_code, late.json()["code"]) == (412, "stale_version")
    assert flow.get("owner", where).json()["document"]["notes"] == "Prima."


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("operator", 403), ("stranger", 404)])
def test_others_read_at_most(flow: Flow, where: str, who: str, status: int) -> None:
    document = {**flow.get("owner", where).json()["document"], "notes": "Altro."}
    assert flow.get(who, where).status_code == (404 if status == 404 else 200)
    assert patch(flow, where, document, who).status_code == status
    assert flow.get("owner", where).json()["version"] == 1


@pytest.mark.parametrize(
    "document", [{}, {"groups": []}, {"groups": {}, "checks": [], "contacts": 7, "notes": None}]
)
def test_what_is_no_plan_is_refused_by_field(flow: Flow, where: str, document: dict[str, Any]) -> None:
    refused = patch(flow, where, document)
    assert refused.status_code == 400
    assert all(name.startswith("document") for name in refused.json()["errors"])
    assert patch(flow, where, None).status_code == 400
    assert flow.get("owner", where).json()["version"] == 1


def test_a_page_can_be_asked_on_proxmox_and_not_on_openstack(flow: Flow, where: str) -> None:
    document = flow.get("owner", where).json()["document"]
    page = {"kind": "http", "port": 80, "path": "/login", "within_seconds": 60}
    document["checks"]["web"] = [page]
    errors = patch(flow, where, document).json()["errors"]
    assert "rete isolata" in errors["document.checks.web.0.kind"][0]
    document["checks"] |= {"web": [{"kind": "console", "text": "login:", "within_seconds": 60}], "files": [page]}
    assert patch(flow, where, document).json()["document"]["checks"]["files"] == [page]
    document["checks"]["files"] = [{**page, "text": "Benvenuti"}]
    assert "document.checks.files.0" in patch(flow, where, document).json()["errors"]


def test_the_list_has_ones_own_and_the_level_says_the_shape(flow: Flow, where: str) -> None:
    for who, count in (("owner", 1), ("viewer", 1), ("auditor", 1), ("stranger", 0)):
        assert len(flow.get(who, "/recovery-plans/").json()["items"]) == count, who
    assert flow.get("owner", "/levels/2/").json()["recovery_plan_schema"]["title"] == "Recovery plan"
    assert flow.get("owner", "/levels/1/").json()["recovery_plan_schema"] == {}


def test_a_subscription_without_machines_has_none(flow: Flow) -> None:
    row = flow.active()
    assert flow.get("owner", f"/recovery-plans/{row['id']}/").status_code == 404
    assert flow.get("owner", f"/recovery-plans/{row['id']}/versions/").status_code == 404
