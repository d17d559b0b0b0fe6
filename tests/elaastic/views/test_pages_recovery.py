"""The recovery plan's pages: read, print, write by buttons alone, two at once, back to an older version."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from elaastic.forms_recovery import initial_of
from elaastic.models import Subscription
from elaastic.selectors.recovery_plans import plan_in_force
from elaastic.services.asking import request_subscription
from elaastic.services.recovery_plans import save_plan
from tests.elaastic.machines import TERMS_2, WEB, hybrid
from tests.elaastic.region import MemoryProvider, workers_bring_everything_up, workers_make_plans
from tests.elaastic.views.pages import Pages, words

__all__ = ["hybrid"]


@pytest.fixture
def row(pages: Pages, hybrid: MemoryProvider) -> Subscription:
    asked = request_subscription(authority=pages.world.home, level=2, terms=TERMS_2, by=pages.world["owner"].actor)
    workers_make_plans()
    assert pages.approves(asked).status_code == 302
    workers_bring_everything_up()
    return Subscription.objects.select_related("authority").get(pk=asked.subscription_id)


def at(row: Subscription, rest: str = "") -> str:
    return f"/subscriptions/{row.public_id}/recovery-plan/{rest}"


def typed(row: Subscription, **changed: str) -> dict[str, str]:
    """The form as the browser sends it."""
    plan = plan_in_force(row)
    fields = {name: str(value) for name, value in initial_of(plan.document, plan.version).items()}
    counts = {"groups": str(len(plan.document["groups"])), "contacts": str(len(plan.document["contacts"]))}
    counts |= {f"groups-{n}-before": str(len(g["before"])) for n, g in enumerate(plan.document["groups"])}
    counts |= {f"checks-{name}": str(len(checks)) for name, checks in plan.document["checks"].items()}
    return {**fields, **counts, "step": "save", **changed}


def sent_on(answer: Any) -> dict[str, str]:
    """What a browser would send from this page: every field as it stands in it."""
    form = answer.context["form"]
    fields = {name: str(form[name].value()) for name in form.fields}
    shape = form.shape
    counts = {"groups": str(len(shape["groups"])), "contacts": str(len(shape["contacts"]))}
    counts |= {f"groups-{n}-before": str(len(g["before"])) for n, g in enumerate(shape["groups"])}
    counts |= {f"checks-{name}": str(len(checks)) for name, checks in shape["checks"].items()}
    kinds = {
        f"checks-{name}-{n}-kind": check["kind"]
        for name, checks in shape["checks"].items()
        for n, check in enumerate(checks)
    }
    return {**fields, **counts, **kinds}


CONTACT = {
    "contacts": "1", "contacts-0-name": "Anna Neri", "contacts-0-role": "sindaca", "contacts-0-phone": "071 1234",
    "contacts-0-email": "",
}  # fmt: skip


def test_the_paper_says_whom_to_call_and_what_to_do_in_which_order(pages: Pages, row: Subscription) -> None:
    pages.post("owner", at(row, "edit/"), typed(row, **CONTACT))
    for who in ("owner", "viewer", "operator", "auditor"):
        said = words(pages.get(who, at(row)))
        assert (
            said.index("Anna Neri") < said.index("files") < said.index("Controlla") if "Controlla" in said else True
        )
        assert "071 1234" in said and "login:" in said
        assert ("recovery-plan/edit/" in said) == (who == "owner"), who
    assert pages.get("stranger", at(row)).status_code == 404
    assert at(row) in words(pages.get("owner", f"/subscriptions/{row.public_id}/"))


def test_a_plan_is_written_by_buttons_alone(pages: Pages, row: Subscription) -> None:
    page = pages.get("owner", at(row, "edit/"))
    for step in ("add.groups", "add.groups.1.before", "add.contacts", "add.checks.web.console"):
        page = pages.post("owner", at(row, "edit/"), {**sent_on(page), "step": step})
        assert page.status_code == 200
        assert "autofocus" in words(page)
    body = {
        **sent_on(page), "machines-files": "2", "groups-1-pause_seconds": "60", "step": "save",
        "groups-1-before-0-text": "Chiama il fornitore del protocollo.", "groups-1-before-0-who": "authority",
        "contacts-0-name": "Anna Neri", "contacts-0-phone": "071 1234", "checks-web-1-text": "nginx ready",
    }  # fmt: skip
    assert pages.post("owner", at(row, "edit/"), body).status_code == 302
    document = plan_in_force(row).document
    assert [group["machines"] for group in document["groups"]] == [["web"], ["files"]]
    assert document["groups"][1]["before"] == [{"text": "Chiama il fornitore del protocollo.", "who": "authority"}]
    assert [check["text"] for check in document["checks"]["web"]] == ["login:", "nginx ready"]
    page = pages.get("owner", at(row, "edit/"))
    for step in ("up.groups.1", "remove.groups.0.before.0", "remove.checks.web.0", "remove.contacts.0"):
        page = pages.post("owner", at(row, "edit/"), {**sent_on(page), "step": step})
    assert pages.post("owner", at(row, "edit/"), {**sent_on(page), "step": "save"}).status_code == 302
    document = plan_in_force(row).document
    assert [group["machines"] for group in document["groups"]] == [["files"], ["web"]]
    assert document["contacts"] == [] and [c["text"] for c in document["checks"]["web"]] == ["nginx ready"]


def test_ports_and_pages_of_a_machine_on_proxmox_are_asked_for_by_buttons(pages: Pages, row: Subscription) -> None:
    page = pages.get("owner", at(row, "edit/"))
    assert "add.checks.web.tcp" not in words(page) and "add.checks.files.agent" not in words(page)
    for step in ("add.checks.files.tcp", "add.checks.files.http", "remove.checks.files.0"):
        page = pages.post("owner", at(row, "edit/"), {**sent_on(page), "step": step})
    assert "add.checks.files.agent" in words(page)
    wrong = {**sent_on(page), "checks-files-0-port": "", "checks-files-1-path": "login", "step": "save"}
    refused = pages.post("owner", at(row, "edit/"), wrong)
    assert refused.status_code == 400
    assert {"checks-files-0-port", "checks-files-1-path"} <= refused.context["form"].errors.keys()
    typed_in = {"checks-files-0-port": "5432", "checks-files-1-port": "80", "checks-files-1-path": "/login"}
    assert pages.post("owner", at(row, "edit/"), {**sent_on(page), **typed_in, "step": "save"}).status_code == 302
    assert plan_in_force(row).document["checks"]["files"] == [
        {"kind": "tcp", "port": 5432, "within_seconds": 300},
        {"kind": "http", "port": 80, "path": "/login", "within_seconds": 300},
    ]
    said = words(pages.get("owner", at(row)))
    assert "5432" in said and ":80/login" in said


@pytest.mark.parametrize(
    "step", ["remove.groups.0", "remove.checks.web.0", "add.nothing", "up.groups.x", "remove."]
)
def test_what_no_button_says_changes_nothing(pages: Pages, row: Subscription, step: str) -> None:
    before = pages.get("owner", at(row, "edit/"))
    after = pages.post("owner", at(row, "edit/"), {**sent_on(before), "step": step})
    assert after.status_code == 200
    assert sent_on(after) == sent_on(before)


def test_a_removed_groups_machines_start_in_the_one_before(pages: Pages, row: Subscription) -> None:
    page = pages.post("owner", at(row, "edit/"), typed(row, step="add.groups"))
    page = pages.post("owner", at(row, "edit/"), {**sent_on(page), "machines-web": "2", "step": "remove.groups.1"})
    assert page.context["form"].shape["groups"][0]["machines"] == ["files", "web"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"groups-0-pause_seconds": "presto"}, "groups-0-pause_seconds"),
        ({"checks-web-0-text": ""}, "checks-web-0-text"),
        ({"checks-files-0-within_seconds": "5"}, "checks-files-0-within_seconds"),
        ({**CONTACT, "contacts-0-phone": "domani"}, "contacts-0-phone"),
        ({"groups": "2", "groups-1-pause_seconds": "0"}, None),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    pages: Pages, row: Subscription, changed: dict[str, str], field: str | None
) -> None:
    answer = pages.post("owner", at(row, "edit/"), typed(row, notes="Da tenere.", **changed))
    assert answer.status_code == 400
    form = answer.context["form"]
    assert (field in form.errors) if field else form.non_field_errors()
    assert "Da tenere." in words(answer)
    assert plan_in_force(row).version == 1


def test_two_people_at_once_lose_nothing(pages: Pages, row: Subscription) -> None:
    mine = typed(row, notes="La mia.")
    assert pages.post("owner", at(row, "edit/"), typed(row, notes="La loro.")).status_code == 302
    told = pages.post("owner", at(row, "edit/"), mine)
    assert told.status_code == 412
    assert "La mia." in words(told) and "La loro." in words(told)
    assert plan_in_force(row).document["notes"] == "La loro."
    assert pages.post("owner", at(row, "edit/"), {**sent_on(told), "step": "save"}).status_code == 302
    assert plan_in_force(row).document["notes"] == "La mia."


def test_an_older_version_is_put_back_as_the_newest(pages: Pages, row: Subscription) -> None:
    pages.post("owner", at(row, "edit/"), typed(row, notes="Seconda."))
    history = words(pages.get("viewer", at(row, "history/")))
    assert at(row, "versions/1/") in history and at(row, "versions/2/") in history
    compared = words(pages.get("viewer", at(row, "history/"), before="1", after="2"))
    assert "Seconda." in compared
    assert pages.post("viewer", at(row, "versions/1/")).status_code == 403
    assert pages.post("owner", at(row, "versions/1/")).status_code == 302
    plan = plan_in_force(row)
    assert (plan.version, plan.document["notes"]) == (3, "")


def test_an_older_version_that_no_longer_fits_is_fitted_and_read_first(pages: Pages, row: Subscription) -> None:
    terms = {**TERMS_2, "machines": [TERMS_2["machines"][0], {**WEB, "name": "mail"}]}
    Subscription.objects.filter(pk=row.pk).update(terms=terms)
    row.refresh_from_db()
    assert "mail" in words(pages.get("owner", at(row)))
    page = pages.get("owner", at(row, "edit/"))
    assert pages.post("owner", at(row, "edit/"), {**sent_on(page), "step": "save"}).status_code == 302
    assert plan_in_force(row).version == 2
    answer = pages.post("owner", at(row, "versions/1/"))
    assert answer.status_code == 302 and answer.url.endswith("edit/?from=1")
    page = pages.get("owner", answer.url)
    assert set(page.context["form"].shape["checks"]) == {"files", "mail"}
    assert plan_in_force(row).version == 2


def test_whom_it_does_not_concern(pages: Pages, row: Subscription) -> None:
    for who, status in (("viewer", 403), ("operator", 403), ("stranger", 404)):
        assert pages.get(who, at(row, "edit/")).status_code == status, who
        assert pages.post(who, at(row, "edit/"), typed(row, notes="No.")).status_code == status, who
    for path in ("versions/9/", "history/"):
        assert pages.get("stranger", at(row, path)).status_code == 404
    assert pages.get("owner", at(row, "versions/9/")).status_code == 404


def test_there_is_no_such_page_without_machines(pages: Pages) -> None:
    assert pages.get("owner", at(pages.active())).status_code == 404


@pytest.mark.parametrize(("rest", "budget"), [("", 9), ("edit/", 9), ("history/", 9), ("versions/1/", 9)])
def test_a_page_costs_the_same_after_many_versions(pages: Pages, row: Subscription, rest: str, budget: int) -> None:
    def cost() -> int:
        pages.get("owner", at(row, rest))
        with CaptureQueriesContext(connection) as seen:
            assert pages.get("owner", at(row, rest)).status_code == 200
        return len(seen.captured_queries)

    before = cost()
    for number in range(1, 9):
        document = {**plan_in_force(row).document, "notes": f"Numero {number}."}
        save_plan(subscription=row, document=document, seen=number, by=pages.world["owner"].actor)
    assert cost() == before <= budget


def test_the_portal_says_who_made_the_first_version(pages: Pages, row: Subscription) -> None:
    save_plan(
        subscription=row, document={**plan_in_force(row).document, "notes": "x"}, seen=1,
        by=pages.world["owner"].actor,
    )  # fmt: skip
    assert "Il portale" in words(pages.get("owner", at(row, "history/")))
