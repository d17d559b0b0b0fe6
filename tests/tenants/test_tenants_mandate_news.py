"""The owners of both bodies are told of a mandate as it is given, before it ends and as it ends; each once."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.db.models.functions import Now

from tenants.models import Actor, LocalAuthority, Mandate, MandateNotice, User
from tenants.services import mailing, mandate_news
from tenants.services.authorities import register_authority, verify_authority
from tenants.services.mandates import end_mandate, give_mandate
from tests.personas import World, details


@pytest.fixture
def supplier(world: World) -> LocalAuthority:
    """`nobody` owns a supplier."""
    body = register_authority(
        details=details(70, kind="supplier", ipa_code="", name="Ditta di Prova srl"), by=world["nobody"].actor
    )
    return verify_authority(authority=body, by=world["operator"].actor)


def given(world: World, supplier: LocalAuthority, days: int = 90) -> Mandate:
    until = date.today() + timedelta(days=days)  # noqa: DTZ011
    return give_mandate(town=world.home, body=supplier, role="operator", until=until, by=world["owner"].actor)


def told() -> list[tuple[str, str]]:
    """Who was told what since the last look; many looks are as one."""
    mail.outbox.clear()
    for _again in range(3):
        mandate_news.tick()
        mailing.tick()
    return sorted((m.to[0].partition("@")[0], m.subject.removeprefix("[Mcloud] ")) for m in mail.outbox)


def passes_until(row: Mandate, left: timedelta) -> None:
    """So much is left of ninety days, by the database's clock."""
    Mandate.objects.filter(pk=row.pk).update(until=Now() + left, given_at=Now() + left - timedelta(days=90))


def test_a_mandates_whole_life_is_told_to_both_sides_once(world: World, supplier: LocalAuthority) -> None:
    row = given(world, supplier)
    assert told() == [
        ("nobody", "Hai un mandato di Comune di Prova 1"),
        ("owner", "Comune di Prova 1 ha dato un mandato a Ditta di Prova srl"),
    ]
    assert f"/authorities/{world.home.public_id}/people/" in mail.outbox[0].body
    passes_until(row, timedelta(days=31))
    assert told() == []
    for left in (timedelta(days=29), timedelta(days=6)):
        passes_until(row, left)
        first, second = told()
        assert first[1].startswith("Il tuo mandato di Comune di Prova 1 scade il")
        assert second[1].startswith("Il mandato di Ditta di Prova srl scade il")
    passes_until(row, -timedelta(seconds=1))
    assert [subject for _who, subject in told()] == [
        "Il tuo mandato di Comune di Prova 1 è finito",
        "Il mandato di Ditta di Prova srl è finito",
    ]


def test_who_ends_it_early_is_told_so_once(world: World, supplier: LocalAuthority) -> None:
    row = given(world, supplier)
    told()
    end_mandate(mandate=row, by=Actor(User.objects.get(pk=world["owner"].user.pk)))  # type: ignore[union-attr]
    assert len(told()) == 2
    assert told() == []


def test_a_short_mandate_is_not_told_to_end_as_it_is_given(world: World, supplier: LocalAuthority) -> None:
    given(world, supplier, days=5)
    assert all("scade" not in subject for _who, subject in told())


def test_what_ended_while_nobody_looked_is_told_but_no_old_news(world: World, supplier: LocalAuthority) -> None:
    row = given(world, supplier)
    told()
    passes_until(row, -timedelta(days=4))
    assert told() == []
    passes_until(row, -timedelta(days=1))
    assert len(told()) == 2


def test_a_word_that_came_too_late_is_not_sent(world: World, supplier: LocalAuthority) -> None:
    row = given(world, supplier)
    passes_until(row, timedelta(days=6))
    mandate_news.tick()
    end_mandate(mandate=row, by=Actor(User.objects.get(pk=world["owner"].user.pk)))  # type: ignore[union-attr]
    assert all("è finito" in subject for _who, subject in told())
    assert not MandateNotice.objects.exclude(send_due=None).exists()
