"""Archives with numbers of copies of their own, as a client asks for them and reads them."""

from typing import Any

import pytest

from provisioning.models import CapacityRow
from tests.elaastic.flow import TERMS, Flow
from tests.elaastic.prices import publish
from tests.elaastic.region import SITES, workers_bring_everything_up, workers_make_plans

BACKUP = {"name": "backup", "expected_interval_hours": 24}
FOTO = {"name": "foto", "expected_interval_hours": 24, "copies": 2}


def patch(flow: Flow, row: dict[str, Any], **terms: Any) -> Any:
    body = {"terms": {**row["terms"], **terms}}
    return flow.world["owner"].client().patch(f"/rest/elaastic/v1/subscriptions/{row['id']}/", body, format="json")


def copies(flow: Flow, row: dict[str, Any], who: str = "owner") -> Any:
    return flow.get(who, f"/subscriptions/{row['id']}/copies/")


def test_an_archive_with_other_copies_comes_beside_and_is_told_with_its_sites(flow: Flow) -> None:
    row = flow.active()
    answer = patch(flow, row, archives=[BACKUP, FOTO])
    assert answer.status_code == 202, answer.json()
    workers_make_plans()
    request = answer.json()["id"]
    plan = flow.get("approver", f"/requests/{request}/plan/").json()
    assert [(t["id"], t["copies"]) for t in plan["placement"]["targets"]] == [("three", 3), ("two", 2)]
    flow.approve(request)
    workers_bring_everything_up()
    found = copies(flow, row).json()["archives"]
    told = [(a["name"], a["copies"], a["target"], a["given_up"], a["immutability"]) for a in found]
    assert told == [("backup", 3, "three", False, "none"), ("foto", 2, "two", False, "none")]
    assert [[s["site"] for s in a["sites"]] for a in found] == [list(SITES), list(SITES[:2])]
    assert {type(s["distance_km"]) for a in found for s in a["sites"]} == {float}
    assert flow.get("owner", f"/subscriptions/{row['id']}/").json()["placement"]["sites"] == list(SITES)


def test_before_a_plan_was_approved_there_is_no_place(flow: Flow) -> None:
    row = flow.asked()
    assert [(a["copies"], a["target"], a["sites"]) for a in copies(flow, row).json()["archives"]] == [(3, "", [])]


def test_somebody_elses_copies_are_not_there(flow: Flow) -> None:
    row = flow.active()
    assert copies(flow, row, "stranger").status_code == 404
    assert copies(flow, row, "auditor").status_code == 200


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"archives": [{**BACKUP, "copies": 2}]}, {"terms.archives.0.copies": "un nuovo archivio accanto"}),
        ({"archives": [BACKUP, {**FOTO, "copies": 5}]}, {"terms.archives.1.copies": "Uno di questi: 2, 3."}),
        ({"copies": 2}, {"terms.copies": "dai a un nuovo archivio un numero"}),
        ({"archives": [BACKUP, {**FOTO, "sites": 2}]}, {"terms.archives.1": "sites"}),
    ],
)
def test_what_an_archive_has_stays_and_the_answer_says_what_to_do(
    flow: Flow, terms: dict[str, Any], said: dict[str, str]
) -> None:
    row = flow.active()
    answer = patch(flow, row, **terms)
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert {name: sentence for name, sentence in said.items() if sentence in errors[name][0]} == said
    assert errors.keys() == said.keys()


def test_an_estimate_holds_the_space_on_every_site_of_any_archive(flow: Flow) -> None:
    publish(flow.world)
    terms = {**TERMS, "quota_gib": 500, "copies": 2, "archives": [BACKUP, {**FOTO, "copies": 3}]}
    found = flow.post("owner", "/estimates/", {"level": 1, "terms": terms}).json()
    assert [line["quantity"] for line in found["price_lines"]] == [1, 1500]
    assert {(e["site"], e["amount"]) for e in found["capacity"]} == {(site, 500) for site in SITES}
    assert {t["copies"] for t in found["placement"]["targets"]} == {2, 3}
    CapacityRow.objects.filter(site=SITES[2]).update(total=400)
    assert not flow.post("owner", "/estimates/", {"level": 1, "terms": terms}).json()["fits"]
    fewer = {**terms, "archives": [BACKUP, FOTO]}
    assert flow.post("owner", "/estimates/", {"level": 1, "terms": fewer}).json()["fits"]


def test_the_schema_of_both_levels_names_it(flow: Flow) -> None:
    for number in (1, 2):
        schema = flow.get("anonymous", f"/levels/{number}/").json()["terms_schema"]
        assert schema["properties"]["archives"]["items"]["properties"]["copies"]["enum"] == [2, 3]
