"""The chain of verifications: any single change, deletion or re-order of a thousand shows."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from elaastic.models import Subscription, Verification, VerificationHead
from elaastic.selectors.ledger import check_ledger, digest, line
from elaastic.services.ledger import enter
from provisioning.services.clock import now
from tests.elaastic.services.town import Town

LENGTH = 1000
# Both ends, the middle, and some more; each is undone by a savepoint, so they do not add up.
PLACES = sorted({1, 2, LENGTH // 2, LENGTH - 1, LENGTH, *random.Random(3).sample(range(1, LENGTH + 1), 15)})


def entered(row: Subscription, count: int, **other: Any) -> None:
    told = {"archive": "backup", "kind": "restored", "passed": True, "seconds": 61, **other}
    for number in range(count):
        enter(
            subscription=row, at=now(), evidence={"key": f"città/{number}.pdf", "faults": [], "n": number}, **told
        )


def lower_the_guard() -> None:
    """Become the owner of the database, who can switch triggers off: the chain must show what he does."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE elaastic_verification DISABLE TRIGGER USER")
            return
        cursor.execute("DROP TRIGGER verification_is_never_changed")


def change(place: int, **columns: Any) -> None:
    Verification.objects.filter(number=place).update(**columns)


def delete(place: int) -> None:
    Verification.objects.filter(number=place).delete()


def swap(place: int) -> None:
    """Two neighbours change places, numbers and links too; only what they say stays."""
    other = place + 1 if place < LENGTH else place - 1
    first, second = (Verification.objects.get(number=n) for n in (place, other))
    change(place, number=LENGTH + 1)
    Verification.objects.filter(pk=second.pk).update(
        number=first.number, previous_hash=first.previous_hash, hash=first.hash
    )
    Verification.objects.filter(pk=first.pk).update(
        number=second.number, previous_hash=second.previous_hash, hash=second.hash
    )


def forge(place: int) -> None:
    """The row and its own sum are rewritten; the next link, or the head, still remembers."""
    rows = Verification.objects.select_related("subscription__authority", "by")
    row = rows.get(number=place)
    row.passed = False
    change(place, passed=False, hash=digest(line(row)))


TAMPERS: tuple[Callable[[int], None], ...] = (
    lambda place: change(place, passed=False),
    lambda place: change(place, at="2020-01-01T00:00:00Z"),
    lambda place: change(place, evidence={"key": "altro"}),
    lambda place: change(place, archive="foto"),
    lambda place: change(place, seconds=60),
    delete,
    swap,
    forge,
)


def test_any_change_deletion_or_reorder_of_a_thousand_is_found(town: Town) -> None:
    row = town.active()
    entered(row, LENGTH, by=town.world["owner"].user)
    found = check_ledger()
    assert (found.holds, found.chains, found.links) == (True, 1, LENGTH)
    lower_the_guard()
    for place in PLACES:
        for number, tamper in enumerate(TAMPERS):
            point = transaction.savepoint()
            tamper(place)
            assert not check_ledger().holds, f"tamper {number} at {place} was not found"
            transaction.savepoint_rollback(point)
    assert check_ledger().holds


def test_a_whole_chain_that_is_taken_out_is_missed(town: Town) -> None:
    row = town.active()
    entered(row, 3)
    lower_the_guard()
    Verification.objects.all().delete()
    [broken] = check_ledger().breaks
    assert (broken.stack_key, broken.number) == (row.stack_key, 0)
    VerificationHead.objects.all().delete()
    entered(row, 1)
    VerificationHead.objects.all().delete()
    assert [one.reason for one in check_ledger().breaks] == ["the chain has no head"]


def test_each_subscription_has_a_chain_of_its_own(town: Town) -> None:
    first = town.active()
    Subscription.objects.update(ended_at=now())
    second = town.active()
    entered(first, 2)
    entered(second, 1)
    entered(first, 1)
    numbers = Verification.objects.order_by("pk").values_list("subscription", "number")
    assert list(numbers) == [(first.pk, 1), (first.pk, 2), (second.pk, 1), (first.pk, 3)]
    assert check_ledger().holds


def test_the_command_names_the_break_and_fails(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    row = town.active()
    entered(row, 5)
    call_command("check_verifications")
    assert capsys.readouterr().out == "5 verifications in 1 chains: nothing was changed.\n"
    lower_the_guard()
    change(3, passed=False)
    with pytest.raises(CommandError):
        call_command("check_verifications")
    assert capsys.readouterr().out == f"{row.stack_key}: broken at number 3: was changed after it was written\n"


@pytest.mark.django_db(transaction=True)
def test_what_was_proven_before_there_were_chains_is_linked_as_it_is_today(town: Town) -> None:
    entered(town.active(), 5, by=town.world["owner"].user)
    before = list(Verification.objects.order_by("pk").values())
    try:
        MigrationExecutor(connection).migrate([("elaastic", "0012_looks_rest")])
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert list(Verification.objects.order_by("pk").values()) == before
    assert check_ledger().holds
    with pytest.raises(Exception, match="never changed"), transaction.atomic():
        Verification.objects.update(passed=False)
