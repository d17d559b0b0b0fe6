"""Level 2 on pages: machines as rows, the estimate, one request; and stepping up from level 1."""

from pathlib import Path
from typing import Any

import pytest

from elaastic.models import Request, Subscription
from provisioning.services import capacity
from tests.elaastic.machines import ROOM, hybrid
from tests.elaastic.region import (
    MemoryProvider,
    machines_platform,
    workers_bring_everything_up,
    workers_make_plans,
    write_region_file,
)
from tests.elaastic.views.pages import TYPED, Pages, words

__all__ = ["hybrid"]

ASK = "/subscriptions/new/2/"
MACHINES = {
    "machine-rows": "1", "machine-0-name": "files", "machine-0-nature": "stateful", "machine-0-vcpus": "2",
    "machine-0-ram_gib": "4", "machine-0-disk_gib": "100", "machine-0-boot_group": "2", "machine-0-interval": "168",
    "lan": "192.168.7.0/24", "images_in": "0", "rpo_hours": "168", "rto_hours": "24", "drill_months": "6",
}  # fmt: skip


def typed(pages: Pages, **changed: str) -> dict[str, str]:
    return {**TYPED, **MACHINES, "authority": str(pages.world.home.public_id), **changed}


def test_level_2_is_asked_for_where_machines_start(pages: Pages, hybrid: MemoryProvider) -> None:
    assert pages.get("owner", ASK).status_code == 200
    summary = words(pages.post("owner", ASK, typed(pages, step="check")))
    for said in ("livello 2", "files (Proxmox, 2 vCPU, 4 GiB RAM, disco 100 GiB)", "192.168.7.0/24", "168 ore"):
        assert said in summary, said
    assert not Request.objects.exists()
    for _click in range(2):
        answer = pages.post("owner", ASK, typed(pages, step="send"))
        assert answer.status_code == 302
    asked = Request.objects.get()
    assert asked.level == 2
    assert asked.terms["machines"] == [
        {"name": "files", "nature": "stateful", "vcpus": 2, "ram_mib": 4096, "disk_gib": 100, "boot_group": 2,
         "expected_interval_hours": 168},
    ]  # fmt: skip
    assert (asked.terms["images_in"], asked.terms["drill_months"]) == ("protocollo", 6)
    workers_make_plans()
    assert pages.approves(asked).status_code == 302
    workers_bring_everything_up()
    page = words(pages.get("owner", f"/subscriptions/{asked.subscription.public_id}/"))
    for said in ("Proxmox: 2 vCPU, 4 GiB RAM, 100 GiB", "Sede in cui partono le macchine", "Piano di ripartenza"):
        assert said in page, said


def test_where_no_machine_starts_it_is_only_announced(pages: Pages) -> None:
    for answer in (pages.get("owner", ASK), pages.post("owner", ASK, typed(pages, step="send"))):
        assert answer.status_code == 302 and answer.url == "/"
    assert pages.post("owner", f"{ASK}estimate/", typed(pages)).status_code == 403
    assert ASK not in words(pages.get("owner", "/"))
    assert not Request.objects.exists()
    for level in (3, 4, 9):
        assert pages.get("owner", f"/subscriptions/new/{level}/").status_code == 302


def test_only_what_starts_here_is_offered(
    pages: Pages, region: MemoryProvider, settings: Any, tmp_path: Path
) -> None:
    settings.REGION_FILE = write_region_file(tmp_path, machines_platform("openstack", "pesaro", **ROOM))
    capacity.load_totals()
    form = pages.get("owner", ASK).context["form"]
    assert [value for value, _label in form.fields["machine-0-nature"].choices] == ["stateless"]
    refused = pages.post("owner", ASK, typed(pages, step="send"))
    assert set(refused.context["form"].errors) == {"machine-0-nature"}


def test_the_advice_and_the_cards_lead_to_the_form(pages: Pages, hybrid: MemoryProvider) -> None:
    answers = {
        "population": "under_15000", "staff": "one", "servers": "virtual_machines", "downtime": "day",
        "loss": "day", "server_room": "good",
    }  # fmt: skip
    assert ASK in words(pages.post("owner", "/choose/", answers))
    assert ASK in words(pages.get("owner", "/"))


def test_the_estimate_says_what_is_held_and_where(pages: Pages, hybrid: MemoryProvider) -> None:
    page = words(pages.post("owner", f"{ASK}estimate/", typed(pages)))
    assert "(Proxmox): " in page and "GiB RAM" in page
    huge = pages.post("owner", f"{ASK}estimate/", typed(pages, **{"machine-0-vcpus": "60"}))
    assert huge.context["estimate"].fits is False


def test_a_machine_is_added_and_removed_without_losing_what_was_typed(pages: Pages, hybrid: MemoryProvider) -> None:
    grown = pages.post("owner", ASK, typed(pages, step="add-machine"))
    form = grown.context["form"]
    assert form["machine-0-name"].value() == "files" and len(form.machine_rows) == 2
    assert "autofocus" in str(form["machine-1-name"])
    two = typed(pages, **{"machine-rows": "2", "machine-1-name": "web", "machine-1-vcpus": "8"})
    less = pages.post("owner", ASK, {**two, "step": "remove-machine-0"}).context["form"]
    assert [row["index"] for row in less.machine_rows] == [0]
    assert (less["machine-0-name"].value(), less["machine-0-vcpus"].value()) == ("web", "8")
    archives = {"rows": "2", "archive-1-name": "images", "archive-1-interval": "168", "images_in": "1"}
    fewer = pages.post("owner", ASK, typed(pages, **archives, step="remove-0")).context["form"]
    assert fewer["images_in"].value() == "0" and fewer["archive-0-name"].value() == "images"


def test_what_was_typed_and_not_sent_is_there_again(pages: Pages, hybrid: MemoryProvider) -> None:
    pages.post("owner", ASK, typed(pages, step="check", **{"machine-0-name": "anagrafe"}))
    assert 'value="anagrafe"' in words(pages.get("owner", ASK))
    assert 'value="anagrafe"' not in words(pages.get("owner", "/subscriptions/new/"))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"machine-0-name": ""}, "machine-0-name"),
        ({"machine-0-name": "../etc"}, "machine-0-name"),
        ({"machine-0-nature": "liquid"}, "machine-0-nature"),
        ({"machine-0-vcpus": "0"}, "machine-0-vcpus"),
        ({"machine-0-ram_gib": "tanta"}, "machine-0-ram_gib"),
        ({"machine-0-disk_gib": "99999"}, "machine-0-disk_gib"),
        ({"lan": "8.8.8.0/24"}, "lan"),
        ({"lan": "10.20.300.0/24"}, "lan"),
        ({"images_in": "7"}, "images_in"),
        ({"rto_hours": "0"}, "rto_hours"),
        ({"drill_months": "5"}, "drill_months"),
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_is_stored(
    pages: Pages, hybrid: MemoryProvider, changed: dict[str, str], field: str
) -> None:
    answer = pages.post("owner", ASK, typed(pages, step="send", **changed))
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {field}
    assert not Subscription.objects.exists()


def test_two_machines_of_one_name_are_refused(pages: Pages, hybrid: MemoryProvider) -> None:
    second = {name.replace("-0-", "-1-"): value for name, value in MACHINES.items() if "-0-" in name}
    answer = pages.post("owner", ASK, typed(pages, step="send", **{**second, "machine-rows": "2"}))
    assert answer.status_code == 400
    assert "stesso nome" in words(answer)


def stepping_up(row: Subscription) -> str:
    return f"/subscriptions/{row.public_id}/step-up/2/"


def sent_on(answer: Any) -> dict[str, str]:
    """What a browser would send from this page."""
    form = answer.context["form"]
    fields = {name: form[name].value() for name in form.fields if not form.fields[name].disabled}
    plain = {name: str(value) for name, value in fields.items() if value not in (None, False)}
    return {**plain, "rows": str(form.archives), "machine-rows": str(len(form.machine_rows))}


def test_a_town_steps_up_and_keeps_what_it_has(pages: Pages, hybrid: MemoryProvider) -> None:
    row = pages.active()
    here = stepping_up(row)
    assert here in words(pages.get("owner", f"/subscriptions/{row.public_id}/"))
    page = pages.get("owner", here)
    assert page.status_code == 200
    form = page.context["form"]
    assert [form[f"archive-{n}-name"].value() for n in (0, 1)] == ["protocollo", "images"]
    body = {**sent_on(page), "machine-0-name": "files", "machine-0-nature": "stateful"}
    summary = words(pages.post("owner", here, {**body, "step": "check"}))
    assert "2 – " in summary and "files (Proxmox" in summary
    assert pages.post("owner", here, {**body, "step": "send"}).status_code == 302
    asked = Request.objects.latest("pk")
    assert (asked.kind, asked.level, asked.terms["images_in"]) == ("change", 2, "images")
    assert pages.get("owner", here).url == f"/requests/{asked.public_id}/"
    workers_make_plans()
    plan = words(pages.get("approver", f"/requests/{asked.public_id}/"))
    assert ">+</span>" in plan and ">−</span>" not in plan
    effect = plan[plan.index("Che effetto ha sui siti") :]
    assert "(Proxmox)" in effect  # whose processors they are
    assert pages.approves(asked).status_code == 302
    workers_bring_everything_up()
    row.refresh_from_db()
    assert row.level == 2
    assert pages.get("owner", here).status_code == 302
    assert here not in words(pages.get("owner", f"/subscriptions/{row.public_id}/"))
    changed = pages.get("owner", f"/subscriptions/{row.public_id}/change/")
    again = {**sent_on(changed), "machine-0-vcpus": "4", "step": "send"}
    assert pages.post("owner", f"/subscriptions/{row.public_id}/change/", again).status_code == 302
    assert Request.objects.latest("pk").terms["machines"][0]["vcpus"] == 4


def test_who_may_not_ask_does_not_step_up(pages: Pages, hybrid: MemoryProvider) -> None:
    row = pages.active()
    for who, status in (("viewer", 403), ("operator", 403), ("stranger", 404)):
        assert pages.get(who, stepping_up(row)).status_code == status, who


def test_a_step_that_nobody_offers_leads_back(pages: Pages) -> None:
    row = pages.active()
    for level in (1, 2, 3):
        answer = pages.get("owner", f"/subscriptions/{row.public_id}/step-up/{level}/")
        assert (answer.status_code, answer.url) == (302, f"/subscriptions/{row.public_id}/")
    assert stepping_up(row) not in words(pages.get("owner", f"/subscriptions/{row.public_id}/"))
