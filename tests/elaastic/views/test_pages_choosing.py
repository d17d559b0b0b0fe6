"""Before the request: the questions, the prices, the estimate without and with scripts, and the draft."""

from datetime import timedelta

import pytest

from elaastic.levels.advice import QUESTIONS
from elaastic.models import Draft, Request
from elaastic.services import drafting
from provisioning.models import CapacityRow
from provisioning.services.clock import now
from tests.elaastic.prices import publish
from tests.elaastic.views.pages import TYPED, Pages, words

TINY = {name: known[0] for name, known in QUESTIONS.items()}
LARGE = {name: known[-1] for name, known in QUESTIONS.items()}


@pytest.mark.parametrize("who", ["anonymous", "owner", "operator"])
def test_anybody_answers_six_questions_and_reads_why(pages: Pages, who: str) -> None:
    assert pages.get(who, "/choose/").status_code == 200
    advised = words(pages.post(who, "/choose/", TINY))
    assert "Prima i programmi come servizio" in advised
    assert "il livello 1 tiene le copie in un'altra città" in advised
    assert "Il livello adatto è il 4" in words(pages.post(who, "/choose/", LARGE))


def test_the_region_reads_who_was_advised_toward_saas(pages: Pages) -> None:
    assert "Ancora nessun ente." in words(pages.get("auditor", "/interest/"))
    for who in ("owner", "anonymous", "anonymous"):
        pages.post(who, "/choose/", TINY)
    shown = words(pages.get("operator", "/interest/"))
    assert pages.world.home.name in shown
    assert "<dt>Meno di 1.000</dt><dd>2</dd>" in shown
    assert pages.world.home.name in pages.get("operator", "/interest/", format="csv").content.decode()
    assert pages.get("owner", "/interest/").status_code == 403


def test_a_question_without_an_answer_is_named_and_the_others_stay_answered(pages: Pages) -> None:
    answer = pages.post("anonymous", "/choose/", {**TINY, "loss": "never"})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["loss"]
    assert 'value="nobody" id="id_staff_0" checked' in words(answer).replace("required ", "")


def test_the_page_of_questions_is_throttled(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elaastic.views.choosing.ANONYMOUS_CALLS_PER_MINUTE", 1)
    codes = [pages.post("anonymous", "/choose/", TINY).status_code for _ in range(3)]
    assert codes[-1] == 429


def test_the_price_list_says_what_holds_and_what_is_to_come(pages: Pages) -> None:
    assert "non ha ancora pubblicato prezzi" in words(pages.get("anonymous", "/prices/"))
    publish(pages.world)
    shown = words(pages.get("anonymous", "/prices/"))
    assert "12,00 €" in shown
    assert "0,019 €" in shown
    assert "0,0095 €" in shown
    assert "in arrivo" in shown


def test_computing_needs_no_script_and_stores_no_request(pages: Pages) -> None:
    publish(pages.world)
    answer = pages.asks("stranger", step="compute", quota_gib="500", uplink_mbit="20")
    assert answer.status_code == 200
    shown = words(answer)
    assert "40,50 €" in shown
    assert "Oggi ci sta" in shown
    assert "37 ore su questa linea, o 4 notti" in shown
    assert not Request.objects.exists()


def test_what_fits_nowhere_says_on_which_site_it_does_not(pages: Pages) -> None:
    CapacityRow.objects.filter(site="pesaro").update(total=10)
    shown = words(pages.asks("stranger", step="compute"))
    assert "Oggi non ci sta da nessuna parte" in shown
    assert "Pesaro: 10 GiB liberi – non basta" in shown


def test_the_live_estimate_is_a_fragment_that_never_fails_on_what_is_half_typed(pages: Pages) -> None:
    publish(pages.world)
    body = {**TYPED, "authority": str(pages.world.other.public_id)}
    found = pages.post("stranger", "/subscriptions/new/estimate/", body)
    assert found.status_code == 200
    assert "<html" not in words(found)
    assert "17,70 €" in words(found)
    half = pages.post("stranger", "/subscriptions/new/estimate/", {**body, "quota_gib": "1e", "copies": ""})
    assert (half.status_code, "Compila lo spazio" in words(half)) == (200, True)
    assert pages.get("stranger", "/subscriptions/new/estimate/").status_code == 405
    assert pages.post("operator", "/subscriptions/new/estimate/", body).status_code == 403


def test_a_form_half_filled_is_there_tomorrow_for_this_person_alone(pages: Pages) -> None:
    pages.asks("stranger", step="check", quota_gib="777", **{"archive-0-name": "Non Valido"})
    Draft.objects.update(changed_at=now() - timedelta(days=1))
    pages.post("stranger", "/accounts/logout/")
    pages.clients.clear()
    answer = pages.get("stranger", "/subscriptions/new/")
    assert "avevi scritto" in words(answer)
    assert answer.context["form"]["quota_gib"].value() == "777"
    assert answer.context["form"]["archive-0-name"].value() == "Non Valido"
    assert not answer.context["form"].errors
    assert "777" not in words(pages.get("owner", "/subscriptions/new/"))
    assert pages.post("stranger", "/subscriptions/new/", {"step": "forget"}).status_code == 302
    assert "avevi scritto" not in words(pages.get("stranger", "/subscriptions/new/"))


def test_a_change_half_filled_is_there_tomorrow_too_and_says_what_it_will_cost(pages: Pages) -> None:
    publish(pages.world)
    row = pages.active()
    page = f"/subscriptions/{row.public_id}/change/"
    body = {**TYPED, "quota_gib": "200", "step": "check"}
    summary = words(pages.post("owner", page, body))
    assert "17,70 €" in summary
    assert "23,40 €" in summary
    again = pages.get("owner", page)
    assert "avevi scritto" in words(again)
    assert again.context["form"]["quota_gib"].value() == "200"
    assert pages.post("owner", page, {"step": "forget"}).status_code == 302
    assert pages.get("owner", page).context["form"]["quota_gib"].value() == 100
    pages.post("owner", page, body)
    assert pages.post("owner", page, {**body, "step": "send"}).status_code == 302
    assert not Draft.objects.exists()


def test_sending_ends_the_draft_and_a_season_does_too(pages: Pages) -> None:
    pages.asks("owner", step="check")
    assert Draft.objects.count() == 1
    assert pages.asks("owner").status_code == 302
    assert not Draft.objects.exists()
    pages.asks("stranger", step="check")
    drafting.forget_old()
    assert Draft.objects.count() == 1
    Draft.objects.update(changed_at=now() - drafting.KEPT - timedelta(hours=1))
    drafting.forget_old()
    assert not Draft.objects.exists()


def test_a_draft_keeps_no_more_than_a_form_has(pages: Pages) -> None:
    many = {f"x{n}": "y" * 500 for n in range(200)}
    pages.asks("stranger", step="check", **many, quota_gib="1\x002")
    kept = Draft.objects.get().typed
    assert len(kept) <= drafting.MOST_FIELDS
    assert all(len(value) <= drafting.LONGEST_VALUE and "\x00" not in value for value in kept.values())
