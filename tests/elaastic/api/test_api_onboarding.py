"""`/authorities/bulk/`: a result a row, the same rows again change nothing, and a bad one stops no other."""

import csv
from pathlib import Path
from typing import Any

from django.db import transaction

from elaastic.models import Subscription
from elaastic.services.onboarding import Wanted, onboard
from tenants.models import AuditEvent, LocalAuthority
from tests.elaastic.flow import Flow
from tests.personas import API, details
from tests.tenants.bodies import body_of

SHEET = Path(__file__).resolve().parents[3] / "docs" / "examples" / "comuni.csv"
SCOPES = ("authorities:write", "authorities:verify", "subscriptions:write")


def send(flow: Flow, rows: Any, who: str = "onboarding", **headers: str) -> Any:
    return flow.post(who, "/authorities/bulk/", rows, **headers)


def send_csv(flow: Flow, text: str | bytes, who: str = "onboarding") -> Any:
    client = flow.world[who].client()
    return client.post(f"{API}/authorities/bulk/", text, content_type="text/csv")


def outcomes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [row["outcome"] for row in answer.json()["items"]]


def test_each_row_is_registered_and_asks_and_the_same_rows_again_change_nothing(flow: Flow) -> None:
    rows = [body_of(n, quota_gib=10) for n in (71, 72)]
    first = send(flow, rows)
    assert outcomes(first) == ["registered", "registered"]
    assert [row["asked"] for row in first.json()["items"]] == [True, True]
    asked = Subscription.objects.get(public_id=first.json()["items"][0]["subscription"])
    assert (asked.level, asked.terms["quota_gib"], asked.authority.state) == (1, 10, "verified")
    before = AuditEvent.objects.count()
    again = send(flow, rows)
    assert outcomes(again) == ["known", "known"]
    assert [r["subscription"] for r in again.json()["items"]] == [r["subscription"] for r in first.json()["items"]]
    assert AuditEvent.objects.count() == before


def test_a_row_is_whole_or_not_at_all_and_stops_no_other(flow: Flow) -> None:
    rows = [body_of(71, quota_gib=999_999_999), body_of(72, pec="x", colour="red"), "nothing", body_of(73)]
    answer = send(flow, rows)
    assert outcomes(answer) == ["refused", "refused", "refused", "registered"]
    told = [row["refusal"] and row["refusal"].get("errors") for row in answer.json()["items"]]
    assert set(told[0]) == {"quota_gib"}
    assert set(told[1]) == {"pec", "colour"}
    ipas = [body_of(n)["ipa_code"] for n in (71, 72, 73)]
    assert list(LocalAuthority.objects.filter(ipa_code__in=ipas).values_list("ipa_code", flat=True)) == [ipas[2]]


def test_a_space_that_the_terms_refuse_leaves_no_authority_behind(flow: Flow) -> None:
    (row,) = send(flow, [body_of(71, quota_gib=1_000_000)]).json()["items"]
    assert (row["outcome"], set(row["refusal"]["errors"])) == ("refused", {"quota_gib"})
    assert not LocalAuthority.objects.filter(ipa_code=body_of(71)["ipa_code"]).exists()


def test_other_details_of_a_known_body_are_refused_by_name(flow: Flow) -> None:
    send(flow, [body_of(71)])
    (row,) = send(flow, [body_of(71, population=7, pec="altra@pec.example")]).json()["items"]
    assert (row["outcome"], row["refusal"]["code"]) == ("refused", "authority_differs")
    assert set(row["refusal"]["errors"]) == {"population", "pec"}


def test_the_example_sheet_is_taken_as_it_is(flow: Flow) -> None:
    lines = SHEET.read_text(encoding="utf-8").splitlines()
    answer = send_csv(flow, "\n".join(lines[:6]))
    assert outcomes(answer) == ["registered"] * 5
    assert all(row["asked"] for row in answer.json()["items"])
    heads = lines[0].replace(",", ";")
    rows = [";".join(_cells(line)) for line in lines[6:8]]
    assert outcomes(send_csv(flow, "\r\n".join(["\ufeff" + heads, *rows]))) == ["registered"] * 2


def _cells(line: str) -> list[str]:
    """As an Italian spreadsheet saves it: decimals with a comma."""
    cells = next(csv.reader([line]))
    return [cell.replace(".", ",") if n in (8, 9) else cell for n, cell in enumerate(cells)]


def test_what_is_wrong_with_a_sheet_is_said_by_column(flow: Flow) -> None:
    heads = SHEET.read_text(encoding="utf-8").splitlines()[0]
    for text, named in (
        ("", None),
        ("name,colour\nx,y", "colour"),
        ("name,name\nx,y", "name"),
        (heads, None),
        (heads + '\n"open', None),
        (b"\xff\xfe", None),
    ):
        answer = send_csv(flow, text)
        assert answer.status_code == 400, text
        assert named is None or named in answer.json()["errors"]
    (row,) = send_csv(flow, heads + "\nComune di X,comune,c_x,1,2,AN,p@p.example,,north,,x,,,lots").json()["items"]
    assert set(row["refusal"]["errors"]) == {"seat_lat", "seismic_zone", "quota_gib"}
    assert send(flow, {"name": "x"}).status_code == 400
    assert send(flow, [body_of(71)] * 501).status_code == 400


def test_only_the_region_s_operators_and_its_service_account_take_in_many(flow: Flow) -> None:
    for who, status in (("owner", 403), ("approver", 403), ("auditor", 403), ("anonymous", 401), ("operator", 200)):
        assert send(flow, [body_of(71)], who).status_code == status, who
    # A person of the region registers; nobody there asks in a town's name.
    (row,) = send(flow, [body_of(72, quota_gib=10)], "operator").json()["items"]
    assert row["outcome"] == "refused"


def test_the_same_call_under_its_key_is_answered_from_memory(flow: Flow) -> None:
    first = send(flow, [body_of(71)], **{"Idempotency-Key": "night run"})
    again = send(flow, [body_of(71)], **{"Idempotency-Key": "night run"})
    assert (outcomes(first), outcomes(again)) == (["registered"], ["registered"])
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_look_leaves_nothing_and_rings_nobody(flow: Flow, django_capture_on_commit_callbacks: Any) -> None:
    by = flow.world["onboarding"].with_token(*SCOPES).actor
    before = (LocalAuthority.objects.count(), AuditEvent.objects.count())
    with django_capture_on_commit_callbacks() as rung, transaction.atomic():
        found = list(onboard([Wanted(details(71), 10)], by=by, only_look=True))
    assert [(o.registered, o.asked, o.refusal) for o in found] == [(True, True, None)]
    assert (LocalAuthority.objects.count(), AuditEvent.objects.count()) == before
    assert rung == []
