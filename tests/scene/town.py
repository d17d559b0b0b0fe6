"""A town with something of everything in it, each thing with the town's canary in every text.

Tests that walk all addresses take it: what a walk meets empty, it shows nothing about.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from elaastic.models import Alert, Drill, DrillMinutes, RecoveryPoint, Request, RestoreTest, Subscription
from elaastic.services.asking import request_subscription
from elaastic.services.changing import change_terms
from elaastic.services.deciding import approve_request
from elaastic.services.drafting import keep_draft
from elaastic.services.ledger import enter
from elaastic.services.proving import begin_restore_test
from elaastic.services.recommending import recommend
from elaastic.services.talking import answer, ask_information
from provisioning.domain.course import Course, Machine, Place, Source, Step
from provisioning.domain.findings import Findings, Found
from provisioning.models import ArchiveSample, ArrivedObject, Operation, Resource, Stack
from provisioning.services.clock import now
from tenants.models import ApiToken, Invitation, LocalAuthority, Mandate, Registration, User, WayIn
from tenants.services.authorities import register_authority, verify_authority
from tenants.services.invitations import invite
from tenants.services.mandates import give_mandate
from tenants.services.people import add_member, add_person
from tenants.services.registrations import send_registration
from tenants.services.service_accounts import open_service_account
from tenants.services.tokens import issue_token
from tenants.services.visitors import visitor
from tenants.services.ways_in import open_way_in
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.personas import World, details

SAAS = {
    "population": "under_1000", "staff": "nobody", "servers": "none", "downtime": "days", "loss": "day",
    "server_room": "good",
}  # fmt: skip


@dataclass(frozen=True)
class Furnished:
    """One town's things; what an address calls them is told by `tests.scene.addresses`."""

    owner: str
    canary: str
    authority: LocalAuthority
    subscription: Subscription
    request: Request
    colleague: User
    invitation: Invitation
    mandate: Mandate
    token: ApiToken
    program: User
    way_in: WayIn
    registration: Registration
    proof: RestoreTest
    point: RecoveryPoint
    drill: Drill


def furnish(world: World, *, owner: str, authority: LocalAuthority, canary: str, serial: int) -> Furnished:
    """`canary`: three to thirty small letters and hyphens. `serial` keeps the codes of two towns apart."""
    by = world[owner].actor
    _name(authority, by.user, canary)
    authority.refresh_from_db()
    subscription, request = _subscribed(world, owner, authority, canary)
    _copied(subscription, canary)
    image = _image(subscription, canary)
    proof = begin_restore_test(subscription=subscription, archive=canary, tool="restic", by=by)
    colleague = add_person(
        email=f"collega@{canary}.example", full_name=f"Collega {canary}", by=world["administrator"].actor
    )
    add_member(authority=authority, user=colleague, role="viewer", by=by)
    # Who works for others is named to every town, so no canary there.
    body = register_authority(details=details(serial, kind="provincia"), by=world["operator"].actor)
    program = open_service_account(name=f"Script {canary}", authority=authority, role="viewer", by=by)
    keep_draft(form=f"change-{subscription.public_id}", typed={"archive-0-name": canary, "rows": "1"}, by=by)
    keep_draft(form="ask", typed={"archive-0-name": canary, "rows": "1"}, by=by)
    recommend(SAAS, by=by)
    return Furnished(
        owner=owner,
        canary=canary,
        authority=authority,
        subscription=subscription,
        request=request,
        colleague=colleague,
        invitation=invite(authority=authority, email=f"invitata@{canary}.example", role="viewer", by=by),
        mandate=give_mandate(
            town=authority, body=verify_authority(authority=body, by=world["operator"].actor), role="viewer",
            until=timezone.localdate() + timedelta(days=30), letter=f"delibera {canary}", by=by,
        ),
        token=issue_token(user=by.user, scopes=["authorities:read"], by=by, name=f"rapporto {canary}").token,
        program=program,
        way_in=open_way_in(
            authority=authority, kind="emergency", person_name=f"Sindaca {canary}",
            identified=f"Richiamata al numero noto, {canary}.", by=world["operator"].actor,
        ).row,
        registration=send_registration(
            details=details(serial + 1, name=f"Comune Registrato {canary}", pec=f"pec@{canary}.example"),
            contact_name=f"Nina {canary}", contact_email=f"nina@{canary}.example",
            by=visitor(ip="127.0.0.1", on_behalf_of=f"nina@{canary}.example"),
        ),
        proof=proof,
        point=image,
        drill=drilled(subscription, by.user, canary, image),
    )  # fmt: skip


def _name(authority: LocalAuthority, person: User, canary: str) -> None:
    LocalAuthority.objects.filter(pk=authority.pk).update(
        name=f"Comune {canary}", external_ref=canary, seat_address=f"Piazza {canary}",
        security_contact_name=f"Persona {canary}", security_contact_email=f"sicurezza@{canary}.example",
        pec=f"protocollo@{canary}.example",
    )  # fmt: skip
    User.objects.filter(pk=person.pk).update(full_name=f"Titolare {canary}")


def _subscribed(world: World, owner: str, authority: LocalAuthority, canary: str) -> tuple[Subscription, Request]:
    """One that stands, and an open request for other terms about which words went to and fro."""
    by, region = world[owner].actor, world["approver"].actor
    terms: dict[str, Any] = {
        "quota_gib": 100, "archives": [{"name": canary, "expected_interval_hours": 24}], "retention_days": 30,
        "copies": 3,
    }  # fmt: skip
    first = request_subscription(authority=authority, level=1, terms=terms, external_ref=canary, by=by)
    workers_make_plans()
    first.refresh_from_db()
    approve_request(request=first, plan_digest=first.plan_digest, note=f"Bene, {canary}.", by=region)
    workers_bring_everything_up()
    row = Subscription.objects.get(pk=first.subscription_id)
    asked = change_terms(subscription=row, terms={**row.terms, "quota_gib": 101}, by=by)
    workers_make_plans()
    asked.refresh_from_db()
    ask_information(request=asked, text=f"Domanda {canary}?", by=region)
    asked.refresh_from_db()
    answer(request=asked, text=f"Risposta {canary}.", by=by)
    asked.refresh_from_db()
    return row, asked


def _image(row: Subscription, canary: str) -> RecoveryPoint:
    """Of a machine that the town has no more."""
    return RecoveryPoint.objects.create(
        subscription=row, machine=canary, archive=canary, key=f"{canary}/{canary}.ova", version=canary, size=1,
        arrived_at=now(), noted_at=now(), looked_at=now(), state="refused", reason="NoDisk", detail=canary,
    )  # fmt: skip


def _copied(row: Subscription, canary: str) -> None:
    """A copy arrived, was read, and is late by now."""
    archive = Resource.objects.get(stack__key=row.stack_key, name=f"archive-{canary}")
    moment = now()
    sizes = {"held_bytes": 2**30, "held_objects": 3, "current_bytes": 2**29, "current_objects": 2}
    ArchiveSample.objects.create(resource=archive, at=moment, newest_at=moment - timedelta(hours=60), **sizes)
    ArrivedObject.objects.create(
        resource=archive, key=f"{canary}.pdf", size=1, etag="0" * 32, written_at=moment, noted_at=moment
    )
    Alert.objects.create(subscription=row, kind="late", archive=canary, began_at=moment)
    enter(
        subscription=row, archive=canary, kind="readable", passed=True, at=moment, seconds=1,
        evidence={"key": f"{canary}.pdf"},
    )  # fmt: skip


def drilled(row: Subscription, person: User, canary: str, image: RecoveryPoint) -> Drill:
    """A drill that waits for people; no platform was asked for anything."""
    moment, key = now(), f"drill-{row.pk}"
    source = Source(canary, f"{canary}/disk.qcow2", "v1", 1, "0" * 128, "qcow2")
    steps = (
        Step("pause", 1, seconds=1), Step("people", 1, text=f"Chiama {canary}.", who="authority"),
        Step("start", 1, canary), Step("check", 1, canary, 60, "login:", check="console"),
    )  # fmt: skip
    machine = Machine(canary, "openstack", 1, 1024, 10, source)
    course = Course("192.168.1.0/24", Place({"openstack": "cloud"}, "pesaro"), (machine,), steps)
    stack = Stack.objects.create(key=key, purpose=Stack.Purpose.OPERATION, state="ready")
    Operation.objects.create(
        stack=stack, host=Stack.objects.get(key=row.stack_key), kind="drill", course=course.as_json(), place=2,
        entered_at=moment, begun_at=moment,
        found=Findings({canary: Found(file=f"/spool/{canary}", console=f"{canary} login:")}, {}).as_json(),
    )  # fmt: skip
    made = Drill.objects.create(
        subscription=row, plan_version=1, operation_key=key, asked_by=person, asked_at=moment
    )
    made.points.add(image)
    for language in ("it", "en"):
        pdf = f"%PDF-1.7 {canary}".encode()
        DrillMinutes.objects.create(drill=made, language=language, pdf=pdf, sha256="0" * 64, at=moment)
    return made
