"""Rows by the thousand for every list, without the minutes that their acts would take: copies of one town's."""

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models

from elaastic.models import Alert, Interest, Message, Request, Subscription, Verification
from provisioning.models import Event, OrphanSighting, Resource, Stack
from provisioning.services.clock import now
from tenants.models import (
    AuditEvent,
    Invitation,
    LocalAuthority,
    Membership,
    RegionRole,
)
from tests.scene.town import Furnished

Row = TypeVar("Row", bound=models.Model)


def multiply(town: Furnished, *, first: int, count: int) -> None:
    """`count` more of everything that a list shows; `first` keeps the codes of two calls apart."""
    numbers = range(first, first + count)
    towns = _copies(town.authority, numbers, ipa_code=lambda n: f"m_{n}", fiscal_code=lambda n: f"{n:011d}")
    _of_the_region(town, numbers, towns)
    _of_many_towns(town, numbers, towns)
    _of_the_town(town, numbers, towns)


def _of_the_region(town: Furnished, numbers: range, towns: list[LocalAuthority]) -> None:
    moment = now()
    _copies(town.registration, numbers, state=lambda n: "to_check", pec_proven_at=lambda n: moment)
    _copies(town.way_in, numbers, authority=lambda n: towns[n - numbers.start])
    _copies(Interest.objects.latest("pk"), numbers, authority=lambda n: towns[n - numbers.start])
    people = _copies(town.colleague, numbers, email=lambda n: f"molti{n}@region.example")
    RegionRole.objects.bulk_create(RegionRole(user=one, role="auditor") for one in people)
    Invitation.objects.bulk_create(
        _copy(town.invitation, authority=None, role="", region_role="auditor") for _n in numbers
    )
    OrphanSighting.objects.bulk_create(
        OrphanSighting(
            platform="ceph-test",
            kind="ceph.user",
            external_id=f"u{n}",
            marker="m",
            first_seen=moment,
            last_seen=moment,
        )
        for n in numbers
    )


def _of_many_towns(town: Furnished, numbers: range, towns: list[LocalAuthority]) -> None:
    stack = Stack.objects.get(key=town.subscription.stack_key)
    stacks = _copies(stack, numbers, key=lambda n: f"many-{n}")
    parts = list(Resource.objects.filter(stack=stack, kind="ceph.key"))
    Resource.objects.bulk_create(_copy(part, stack=one) for one in stacks for part in parts)
    theirs = _copies(
        Subscription.objects.get(pk=town.subscription.pk), numbers,
        authority=lambda n: towns[n - numbers.start], stack_key=lambda n: f"many-{n}",
    )  # fmt: skip
    asked = Request.objects.get(pk=town.request.pk)
    Request.objects.bulk_create(_copy(asked, subscription=one) for one in theirs)
    seen = Verification.objects.latest("pk")
    Verification.objects.bulk_create(_copy(seen, subscription=one) for one in theirs)


def _of_the_town(town: Furnished, numbers: range, towns: list[LocalAuthority]) -> None:
    people = _copies(town.colleague, numbers, email=lambda n: f"molti{n}@comune.example")
    Membership.objects.bulk_create(Membership(user=one, authority=town.authority, role="viewer") for one in people)
    _copies(town.invitation, numbers, email=lambda n: f"invitati{n}@comune.example")
    _copies(town.mandate, numbers, body=lambda n: towns[n - numbers.start])
    _copies(town.token, numbers, secret_sha256=lambda n: f"{n:064d}", prefix=lambda n: f"mcl_{n:06d}")
    _copies(Message.objects.latest("pk"), numbers)
    _copies(town.proof, numbers, ended_at=lambda n: now(), outcome=lambda n: "stopped")
    _copies(Verification.objects.filter(subscription=town.subscription).latest("pk"), numbers, number=lambda n: n)
    _copies(town.point, numbers, version=str)
    _copies(Alert.objects.latest("pk"), numbers, ended_at=lambda n: now())
    _copies(Event.objects.filter(stack__key=town.subscription.stack_key).latest("pk"), numbers)
    _copies(AuditEvent.objects.filter(authority=town.authority).latest("pk"), numbers)
    Request.objects.bulk_create(
        _copy(Request.objects.get(pk=town.request.pk), decision="withdrawn") for _n in numbers
    )


def _copies(row: Row, numbers: range, **changed: Callable[[int], Any]) -> list[Row]:
    """One for each number; `changed` says what differs from row to row."""
    made = [_copy(row, **{name: value(n) for name, value in changed.items()}) for n in numbers]
    return list(type(row)._default_manager.bulk_create(made))


def _copy(row: Row, **changed: Any) -> Row:
    fields = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    if "public_id" in fields:
        fields["public_id"] = uuid.uuid4()
    for name in changed:
        fields.pop(row._meta.get_field(name).attname, None)  # type: ignore[union-attr]
    return type(row)(**fields | changed)
