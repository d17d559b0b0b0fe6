"""Asking by the form: one step back and forth, one row more or less, one request however often it is sent."""

import pytest

from elaastic.models import Request, Subscription
from tenants.models import LocalAuthority
from tests.elaastic.views.pages import TYPED, Pages, words

ASK = "/subscriptions/new/"


def typed(pages: Pages, **changed: str) -> dict[str, str]:
    return {**TYPED, "authority": str(pages.world.home.public_id), **changed}


def test_nothing_is_stored_before_the_last_click(pages: Pages) -> None:
    for step in ("check", "add", "remove-0", "edit"):
        assert pages.post("owner", ASK, typed(pages, step=step)).status_code == 200, step
    assert not Request.objects.exists()
    assert not Subscription.objects.exists()


def test_the_summary_says_in_words_what_will_be_sent(pages: Pages) -> None:
    page = words(pages.post("owner", ASK, typed(pages, step="check")))
    for said in ("Passo 2 di 2", "100 GiB", "protocollo", "30 giorni", "Ancona: ", "Macerata: ", "Pesaro: "):
        assert said in page, said


def test_sending_makes_one_request_even_when_it_is_clicked_twice(pages: Pages) -> None:
    first, second = pages.asks(), pages.asks()
    only = Request.objects.get()
    for answer in (first, second):
        assert answer.status_code == 302
        assert answer["Location"] == f"/requests/{only.public_id}/"


def test_an_archive_is_added_and_removed_without_losing_what_was_typed(pages: Pages) -> None:
    grown = words(pages.post("owner", ASK, typed(pages, step="add")))
    assert 'name="archive-1-name"' in grown
    assert 'value="protocollo"' in grown
    two = typed(pages, rows="2", **{"archive-1-name": "anagrafe", "archive-1-interval": "168"})
    less = words(pages.post("owner", ASK, {**two, "step": "remove-0"}))
    assert 'value="anagrafe"' in less
    assert "protocollo" not in less.partition("<form method")[2].replace("«protocollo»", "")


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"quota_gib": "0"}, "id_quota_gib", "Almeno"),
        ({"quota_gib": "tanto"}, "id_quota_gib", "intero"),
        ({"quota_gib": "9999999"}, "id_quota_gib", "Al massimo"),
        ({"retention_days": ""}, "id_retention_days", "obbligatorio"),
        ({"copies": "7"}, "id_copies", "7"),
        ({"archive-0-name": "../etc"}, "id_archive-0-name", "lettere minuscole"),
        ({"archive-0-name": ""}, "id_archive-0-name", "obbligatorio"),
        ({"archive-0-interval": "3"}, "id_archive-0-interval", "3"),
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_is_stored(
    pages: Pages, changed: dict[str, str], field: str, said: str
) -> None:
    for step in ("check", "send"):
        answer = pages.post("owner", ASK, typed(pages, step=step, **changed))
        assert answer.status_code == 400
        summary = words(answer).partition('id="error-summary"')[2].partition("</ul>")[0]
        assert f'href="#{field}' in summary
        assert said in summary
    assert not Subscription.objects.exists()


def test_two_archives_of_one_name_are_refused(pages: Pages) -> None:
    two = typed(pages, rows="2", step="send", **{"archive-1-name": "protocollo", "archive-1-interval": "24"})
    answer = pages.post("owner", ASK, two)
    assert answer.status_code == 400
    assert "stesso nome" in words(answer)


def test_the_absolute_lock_is_not_taken_by_mistake(pages: Pages) -> None:
    refused = pages.asks(immutability="compliance")
    assert refused.status_code == 400
    assert "Spunta questa casella" in words(refused)
    assert not Subscription.objects.exists()
    assert pages.asks(immutability="compliance", understood="on").status_code == 302


def test_somebody_elses_authority_cannot_be_named(pages: Pages) -> None:
    answer = pages.asks(authority=str(pages.world.other.public_id))
    assert answer.status_code == 400
    assert pages.world.other.name not in words(answer)
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(("state", "said"), [("pending", "deve ancora verificarlo"), ("suspended", "È sospeso")])
def test_an_authority_that_may_not_ask_is_told_why_and_what_next(pages: Pages, state: str, said: str) -> None:
    LocalAuthority.objects.filter(pk=pages.world.home.pk).update(state=state)
    assert said in words(pages.get("owner", ASK))
    refused = pages.asks()
    assert refused.status_code == 409
    assert said in words(refused)
    assert not Subscription.objects.exists()


def test_who_has_a_subscription_is_led_to_it(pages: Pages) -> None:
    subscription = pages.active()
    page = words(pages.get("owner", ASK))
    assert "ha già un'adesione" in page
    assert f"/subscriptions/{subscription.public_id}/" in page


def test_a_viewer_is_told_who_asks(pages: Pages) -> None:
    assert "il tuo ruolo è guardare" in words(pages.get("viewer", ASK))
    assert pages.asks("viewer").status_code == 409
    assert not Subscription.objects.exists()


def test_who_has_a_subscription_is_led_to_it_and_not_to_another_request(pages: Pages) -> None:
    assert ASK in words(pages.get("owner", "/subscriptions/"))
    rejected = pages.asked()
    for path in ("/subscriptions/", "/"):
        page = words(pages.get("owner", path))
        assert f"/subscriptions/{rejected.subscription.public_id}/" in page, path
        assert ASK not in page, path
    pages.post("approver", f"/requests/{rejected.public_id}/reject/", {"note": "Non ora."})
    told = (f"/requests/{rejected.public_id}/", f"/subscriptions/{rejected.subscription.public_id}/")
    assert all(ASK in words(pages.get("owner", path)) for path in ("/subscriptions/", *told))
    since = f"/subscriptions/{pages.asked(**{'archive-0-name': 'altro'}).subscription.public_id}/"
    for path in told:
        page = words(pages.get("owner", path))
        assert since in page, path
        assert ASK not in page, path


def test_who_only_looks_is_not_led_to_a_request(pages: Pages) -> None:
    assert ASK not in words(pages.get("viewer", "/subscriptions/"))


def test_several_archives_may_have_different_copies_and_one_alone_is_not_asked(pages: Pages) -> None:
    assert "archive-0-copies" not in words(pages.get("owner", ASK))
    two = {"archive-1-name": "foto", "archive-1-interval": "24", "archive-1-copies": "2", "archive-0-copies": ""}
    grown = words(pages.post("owner", ASK, typed(pages, rows="2", step="add", **two)))
    assert 'value="2" selected' in grown.partition('id="id_archive-1-copies"')[2].partition("</select>")[0]
    shown = words(pages.post("owner", ASK, typed(pages, rows="2", step="check", **two)))
    assert "protocollo: su 3 siti; foto: su 2 siti" in shown
    request = pages.asked(rows="2", **two)
    assert [a.get("copies") for a in request.terms["archives"]] == [None, 2]
