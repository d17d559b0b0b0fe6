"""Changing, leaving, a pause and new keys, as people click them."""

from typing import Any

import pytest

from elaastic.models import Request, Subscription
from elaastic.services import planning
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.elaastic.views.pages import Pages, words

TYPED = {
    "rows": "1",
    "quota_gib": "150",
    "retention_days": "30",
    "archive-0-name": "protocollo",
    "archive-0-interval": "24",
}


def path_of(row: Subscription) -> str:
    return f"/subscriptions/{row.public_id}/"


def sends(pages: Pages, row: Subscription, **typed: str) -> Any:
    return pages.post("owner", f"{path_of(row)}change/", {**TYPED, "step": "send", **typed})


def test_the_form_shows_what_is_in_force(pages: Pages) -> None:
    row = pages.active()
    shown = words(pages.get("owner", f"{path_of(row)}change/"))
    assert 'value="100"' in shown
    assert 'value="protocollo"' in shown


def test_the_summary_says_what_changes_and_stores_nothing(pages: Pages) -> None:
    row = pages.active()
    shown = words(sends(pages, row, step="check"))
    assert "<strong>150 GiB</strong>" in shown
    assert "100 GiB" in shown
    assert Request.objects.count() == 1


def test_a_change_is_sent_once_however_often_it_is_clicked(pages: Pages) -> None:
    row = pages.active()
    first, second = sends(pages, row), sends(pages, row)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    workers_make_plans()
    asked = Request.objects.get(kind="change")
    assert pages.approves(asked).status_code == 302
    workers_bring_everything_up()
    row.refresh_from_db()
    assert row.terms["quota_gib"] == 150


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"quota_gib": "0"}, "id_quota_gib"),
        ({"quota_gib": "molto"}, "id_quota_gib"),
        ({"archive-0-name": "Foto!"}, "id_archive-0-name"),
        ({"retention_days": "0"}, "id_retention_days"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(pages: Pages, typed: dict[str, str], field: str) -> None:
    row = pages.active()
    answer = sends(pages, row, **typed)
    assert answer.status_code == 400
    assert f'id="{field}_error' in words(answer)
    assert not Request.objects.filter(kind="change").exists()


def test_the_same_terms_are_told_to_be_the_same(pages: Pages) -> None:
    row = pages.active()
    answer = sends(pages, row, quota_gib="100")
    assert answer.status_code == 400
    assert "già in vigore" in words(answer)


def test_an_archive_comes_and_goes_on_the_page_without_a_script(pages: Pages) -> None:
    row = pages.active()
    more = words(sends(pages, row, step="add"))
    assert "archive-1-name" in more
    two = {"rows": "2", "archive-1-name": "foto", "archive-1-interval": "24"}
    less = words(sends(pages, row, step="remove-0", **two))
    assert 'value="foto"' in less
    assert "archive-1-name" not in less


def test_a_new_archive_that_nobody_can_unlock_asks_for_a_tick(pages: Pages) -> None:
    row = pages.active()
    foto = {"name": "foto", "interval": "24", "immutability": "compliance", "copies": "3"}
    locked = {"rows": "2", **{f"archive-1-{field}": value for field, value in foto.items()}}
    assert sends(pages, row, **locked).status_code == 400
    assert sends(pages, row, understood="on", **locked).status_code == 302
    asked = Request.objects.get(kind="change")
    assert [a.get("immutability") for a in asked.terms["archives"]] == [None, "compliance"]


def test_the_lock_of_an_archive_cannot_be_typed_away(pages: Pages) -> None:
    row = pages.active()
    sends(pages, row, **{"archive-0-immutability": "compliance"})
    assert "immutability" not in Request.objects.get(kind="change").terms["archives"][0]


def test_leaving_wants_the_name_typed(pages: Pages) -> None:
    row = pages.active()
    path = f"{path_of(row)}leave/"
    assert pages.get("owner", path).status_code == 200
    wrong = pages.post("owner", path, {"authority_name": "Comune di Altrove"})
    assert wrong.status_code == 400
    assert not Request.objects.filter(kind="end").exists()
    asked = pages.post("owner", path, {"authority_name": row.authority.name})
    assert asked.status_code == 302
    assert Request.objects.get(kind="end").decision == ""


def test_who_has_left_reads_until_when_everything_is_kept(pages: Pages) -> None:
    row = pages.active()
    pages.post("owner", f"{path_of(row)}leave/", {"authority_name": row.authority.name})
    workers_make_plans()
    pages.approves(Request.objects.get(kind="end"))
    workers_bring_everything_up()
    shown = words(pages.get("owner", path_of(row)))
    assert "si conserva fino al" in shown
    assert "change/" not in shown


def test_an_operator_suspends_at_once_and_the_page_says_so(pages: Pages) -> None:
    row = pages.active()
    assert "suspend/" in words(pages.get("operator", path_of(row)))
    assert pages.post("operator", f"{path_of(row)}suspend/").status_code == 302
    planning.tick()
    workers_bring_everything_up()
    assert "L'adesione è sospesa" in words(pages.get("owner", path_of(row)))
    assert pages.post("operator", f"{path_of(row)}suspend/").status_code == 409
    assert "resume/" in words(pages.get("operator", path_of(row)))


def test_a_new_key_is_collected_like_the_first(pages: Pages) -> None:
    row = pages.active()
    pages.proves_identity("owner")
    pages.post("owner", f"{path_of(row)}credentials/writer/")
    assert pages.post("owner", f"{path_of(row)}credentials/writer/rotate/").status_code == 302
    planning.tick()
    workers_bring_everything_up()
    shown = words(pages.get("owner", path_of(row)))
    assert "La chiave precedente funziona fino al" in shown
    assert "secret-key" in words(pages.post("owner", f"{path_of(row)}credentials/writer/"))


ACTS = ("leave/", "purge/", "suspend/", "resume/", "credentials/writer/rotate/", "credentials/writer/revoke/")


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("owner", {"change/", "leave/", "purge/", "credentials/writer/rotate/", "credentials/writer/revoke/"}),
        ("viewer", set()),
        ("operator", {"suspend/", "resume/", "credentials/writer/revoke/"}),
        ("approver", set()),
        ("auditor", set()),
    ],
)
def test_who_may_open_which_page(pages: Pages, who: str, may: set[str]) -> None:
    row = pages.active()
    opened = {a for a in ("change/", *ACTS) if pages.get(who, path_of(row) + a).status_code == 200}
    assert opened == may
    for act in {"change/", *ACTS} - may:
        assert pages.post(who, path_of(row) + act).status_code == 403


@pytest.mark.parametrize("act", ["change/", *ACTS])
def test_somebody_elses_is_not_there(pages: Pages, act: str) -> None:
    row = pages.active()
    assert pages.get("stranger", path_of(row) + act).status_code == 404
    assert pages.post("stranger", path_of(row) + act).status_code == 404


def test_a_new_archive_has_copies_of_its_own_and_an_old_one_keeps_its(pages: Pages) -> None:
    row = pages.active()
    foto = {"archive-1-name": "foto", "archive-1-interval": "24", "archive-1-immutability": "none"}
    two = {"rows": "2", **foto, "archive-1-copies": "2", "archive-0-copies": "2"}
    shown = words(sends(pages, row, step="check", **two))
    assert "protocollo: su 3 siti; foto: su 2 siti" in shown
    assert sends(pages, row, **two).status_code == 302
    asked = Request.objects.get(kind="change")
    assert [a.get("copies") for a in asked.terms["archives"]] == [None, 2]
    workers_make_plans()
    assert "Dove sono le copie: Ancona, Macerata</p>" in words(pages.get("owner", f"/requests/{asked.public_id}/"))
    assert pages.approves(asked).status_code == 302
    workers_bring_everything_up()
    shown = words(pages.get("owner", path_of(row)))
    assert "<td>3: Ancona, Macerata, Pesaro</td>" in shown
    assert "<td>2: Ancona, Macerata</td>" in shown


def test_what_an_archive_was_given_is_still_shown_when_another_row_comes(pages: Pages) -> None:
    row = pages.active()
    Subscription.objects.update(terms={**row.terms, "copies": 2, "immutability": "governance"})
    grown = words(sends(pages, row, step="add"))
    for field, value in (("immutability", "governance"), ("copies", "2")):
        control = grown.partition(f'<select name="archive-0-{field}"')[2].partition("</select>")[0]
        assert f'value="{value}" selected' in control, field
        assert "disabled" in control.partition(">")[0]
    assert 'value="2" selected' in grown.partition('id="id_archive-1-copies"')[2].partition("</select>")[0]


def test_an_archive_that_was_given_up_with_other_copies_is_told_at_its_field(pages: Pages) -> None:
    row = pages.active()
    foto = {"archive-1-name": "foto", "archive-1-interval": "24", "archive-1-immutability": "none"}
    for typed in ({"rows": "2", **foto, "archive-1-copies": "2"}, {"rows": "1", "quota_gib": "160"}):
        sends(pages, row, **typed)
        workers_make_plans()
        pages.approves(Request.objects.get(kind="change", decision=""))
        workers_bring_everything_up()
    answer = sends(pages, row, rows="2", **foto, **{"archive-1-copies": "3"})
    assert answer.status_code == 400
    assert 'id="id_archive-1-copies_error' in words(answer)
    assert "un nuovo archivio accanto" in words(answer)
