"""The trail: one event an act, in the act's transaction, and a chain in which tampering shows (T17)."""

import random

import pytest
from django.db import DatabaseError, connection, transaction

from tenants.models import AuditEvent, AuditHead, AuditPersonalData, TrailIsAppendOnly
from tenants.services import audit
from tenants.services.authorities import register_authority, update_authority
from tests.personas import World, details

LENGTH = 1000
# Enough places to meet both ends and the middle; each is undone by a savepoint, so they do not add up.
PLACES = sorted({1, 2, LENGTH // 2, LENGTH - 1, LENGTH, *random.Random(17).sample(range(1, LENGTH + 1), 15)})


def _lower_the_guard() -> None:
    """Become the owner of the database, who can switch triggers off: the chain must show what he does."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # What foreign keys still have to check stands in the way of altering a table.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE tenants_auditevent DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE tenants_auditpersonaldata DISABLE TRIGGER USER")
            return
        cursor.execute("DROP TRIGGER audit_event_is_never_changed")
        cursor.execute("DROP TRIGGER audit_personal_is_never_changed")


def _run(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.fixture
def chain(world: World) -> World:
    """A thousand sealed events."""
    by = world["operator"].actor
    with transaction.atomic():
        for serial in range(LENGTH - AuditEvent.objects.count()):
            audit.record(
                by=by, action="test.acted", authority=world.home, subject_type="test", subject_id=serial,
                before={"n": serial, "share": 0.1}, after={"n": serial + 1, "email": f"{serial}@a.example"},
            )  # fmt: skip
    audit.tick()
    return world


def test_an_untouched_chain_holds(chain: World) -> None:
    report = audit.verify_chain()
    assert (report.holds, report.length, report.erased) == (True, LENGTH, 0)


def test_any_change_deletion_or_reorder_of_a_thousand_is_found(chain: World) -> None:
    _lower_the_guard()
    for place in PLACES:
        for tamper in (_change_text, _change_json, _change_time, _change_person, _delete, _swap, _forge):
            point = transaction.savepoint()
            tamper(place)
            report = audit.verify_chain()
            assert not report.holds, f"{tamper.__name__} at {place} was not found"
            transaction.savepoint_rollback(point)
    assert audit.verify_chain().holds


def _change_text(place: int) -> None:
    _run("UPDATE tenants_auditevent SET action = 'test.denied' WHERE number = %s", place)


def _change_json(place: int) -> None:
    _run("""UPDATE tenants_auditevent SET after = '{"n": -1}' WHERE number = %s""", place)


def _change_time(place: int) -> None:
    _run("UPDATE tenants_auditevent SET at = '2020-01-01 00:00:00' WHERE number = %s", place)


def _change_person(place: int) -> None:
    event = AuditEvent.objects.get(number=place)
    _run("""UPDATE tenants_auditpersonaldata SET data = '{"ip": "10.0.0.1"}' WHERE event_id = %s""", event.pk)


def _delete(place: int) -> None:
    event = AuditEvent.objects.get(number=place)
    _run("DELETE FROM tenants_auditpersonaldata WHERE event_id = %s", event.pk)
    _run("DELETE FROM tenants_auditevent WHERE id = %s", event.pk)


def _swap(place: int) -> None:
    """Two neighbours change places, numbers and links too; only their content's hash tells."""
    other = place + 1 if place < LENGTH else place - 1
    first, second = (AuditEvent.objects.get(number=n) for n in (place, other))
    assign = "UPDATE tenants_auditevent SET number = %s, previous_hash = %s, hash = %s WHERE id = %s"
    _run(assign, LENGTH + 1, "", "", first.pk)
    _run(assign, first.number, first.previous_hash, first.hash, second.pk)
    _run(assign, second.number, second.previous_hash, second.hash, first.pk)


def _forge(place: int) -> None:
    """The act and its own hash are rewritten; the next link, or the head, still remembers."""
    event = AuditEvent.objects.get(number=place)
    event.action = "test.forged"
    digest = audit._digest(event, place, event.previous_hash)
    _run("UPDATE tenants_auditevent SET action = 'test.forged', hash = %s WHERE number = %s", digest, place)


def test_a_cut_end_shows_against_the_published_head(chain: World) -> None:
    published = audit.verify_chain()
    _lower_the_guard()
    last = AuditEvent.objects.get(number=LENGTH)
    _run("DELETE FROM tenants_auditpersonaldata WHERE event_id = %s", last.pk)
    _run("DELETE FROM tenants_auditevent WHERE id = %s", last.pk)
    AuditHead.objects.filter(pk=1).update(number=LENGTH - 1, hash=last.previous_hash)
    assert audit.verify_chain().holds, "from the inside a clean cut cannot be seen"
    assert not audit.verify_chain((published.length, published.head)).holds


def test_the_database_refuses_to_change_an_event_whoever_asks(chain: World) -> None:
    attempts = [
        "UPDATE tenants_auditevent SET action = 'x' WHERE number = 5",
        "UPDATE tenants_auditevent SET number = NULL WHERE number = 5",
        "UPDATE tenants_auditpersonaldata SET salt = ''",
    ]
    if connection.vendor == "postgresql":
        attempts.append("DELETE FROM tenants_auditevent WHERE number = 5")
    for statement in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            _run(statement)


def test_code_cannot_change_or_delete_an_event(world: World) -> None:
    event = AuditEvent.objects.first()
    assert event is not None
    event.action = "other"
    for act in (event.save, event.delete, AuditEvent.objects.all().delete):
        with pytest.raises(TrailIsAppendOnly):
            act()
    with pytest.raises(TrailIsAppendOnly):
        AuditEvent.objects.update(action="other")


def test_an_unsealed_event_can_only_be_sealed(world: World) -> None:
    event = AuditEvent.objects.filter(number__isnull=True).first()
    assert event is not None
    with pytest.raises(DatabaseError), transaction.atomic():
        _run("UPDATE tenants_auditevent SET action = 'x', number = 1 WHERE id = %s", event.pk)
    audit.tick()
    assert not AuditEvent.objects.seal(event.pk, number=10**6, previous_hash="", digest="")


def test_what_is_personal_may_be_erased_and_the_chain_still_holds(chain: World) -> None:
    # By their ids: PostgreSQL takes a table filled in this very transaction for an empty one, and joins badly.
    first = list(AuditEvent.objects.filter(number__lte=10).values_list("pk", flat=True))
    AuditPersonalData.objects.filter(pk__in=first).delete()
    report = audit.verify_chain()
    assert (report.holds, report.erased) == (True, 10)


def test_no_name_or_address_of_a_person_stands_in_the_chain_itself(world: World) -> None:
    update_authority(
        authority=world.home, changes={"security_contact_email": "canary@mail.example"}, by=world["owner"].actor
    )
    rows = list(AuditEvent.objects.values("action", "subject_id", "before", "after"))
    assert "canary" not in str(rows)
    assert "@" not in str([(r["before"], r["after"]) for r in rows if "pec" not in (r["after"] or {})])
    assert AuditPersonalData.objects.filter(data__after__security_contact_email="canary@mail.example").exists()


def test_an_act_that_fails_leaves_no_event_and_an_event_needs_an_act(world: World) -> None:
    before = AuditEvent.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        register_authority(details=details(60), by=world["operator"].actor)
        raise ZeroDivisionError
    assert AuditEvent.objects.count() == before


def test_every_act_so_far_left_exactly_one_event(world: World) -> None:
    before = AuditEvent.objects.count()
    update_authority(authority=world.home, changes={"population": 5}, by=world["owner"].actor)
    update_authority(authority=world.home, changes={"population": 5}, by=world["owner"].actor)
    assert AuditEvent.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    from tests.personas import make_world

    world = make_world()
    with pytest.raises(RuntimeError):
        audit.record(by=world["owner"].actor, action="test.acted", subject_type="test", subject_id=1)
