"""The audit trail: record in the act's transaction, seal afterwards, check at any time.

1. `record` inserts an event, unsealed, inside the transaction of the act: both happen or neither.
2. `tick` (every second, in every worker) takes unsealed events in order of id, gives each the next number,
   the hash of the one before and its own hash. Two workers race by compare-and-swap on the one head row.
3. `verify_chain` walks the numbers and names the first break. The end of the chain is compared with the
   head row, and with a head published elsewhere when one is given: only that shows a cut-off end.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from tenants.models import Actor, AuditEvent, AuditHead, AuditPersonalData, LocalAuthority

# Keys of `before` and `after` that are about persons: kept in the erasable part, hashed into the chain.
PERSONAL_KEYS: Final = frozenset(
    {"email", "full_name", "security_contact_name", "security_contact_phone", "security_contact_email"}
)
# A batch is one short transaction; a burst larger than this takes the next second too.
BATCH: Final = 500
FIRST_LINK: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What the walk found. `broken_at` is the number of the first wrong link, 0 for a wrong head."""

    length: int
    head: str
    erased: int
    broken_at: int | None = None
    reason: str = ""

    @property
    def holds(self) -> bool:
        """True when nothing was changed, taken out or re-ordered."""
        return self.broken_at is None


def record(
    *,
    by: Actor,
    action: str,
    subject_type: str,
    subject_id: object,
    authority: LocalAuthority | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Append one act. Call it inside the act's transaction; it refuses to run outside one."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An audit event belongs into the transaction of the act that it tells of.")
    personal = {
        "email": by.user.email,
        "ip": by.ip,
        "on_behalf_of": by.on_behalf_of
        or (by.user.mandates_by_authority.get(authority.pk, "") if authority else ""),
        "token": by.token_prefix,
        "before": _personal(before),
        "after": _personal(after),
    }
    salt = secrets.token_hex(16)
    event = AuditEvent(
        action=action,
        actor=by.user,
        authority=authority,
        subject_type=subject_type,
        subject_id=str(subject_id),
        before=_impersonal(before),
        after=_impersonal(after),
        personal_hash=_personal_hash(salt, personal),
    )
    event.save(force_insert=True)
    AuditPersonalData.objects.create(event=event, salt=salt, data=personal)
    return event


def tick() -> None:
    """Seal what waits, batch by batch, until nothing does or another worker is at it."""
    while _seal_batch() == BATCH:
        pass


def verify_chain(expected_head: tuple[int, str] | None = None) -> ChainReport:
    """Walk the whole chain. `expected_head` is (number, hash) as published earlier."""
    number, previous, erased = 0, FIRST_LINK, 0
    expected = dict([expected_head]) if expected_head else {}
    for event, personal in _links():
        number += 1
        reason = _fault(event, personal, number, previous)
        if expected.get(number, event.hash) != event.hash:
            reason = "differs from the head that was published"
        if reason:
            return ChainReport(number - 1, previous, erased, number, reason)
        erased += personal is None
        previous = event.hash
    head = AuditHead.objects.filter(pk=1).first()
    if (head.number, head.hash) != (number, previous) if head else number:
        return ChainReport(number, previous, erased, 0, "the end of the chain is not where the head says")
    if expected_head and expected_head[0] > number:
        return ChainReport(number, previous, erased, 0, "the chain ends before the head that was published")
    return ChainReport(number, previous, erased)


def _seal_batch() -> int:
    """Seal up to `BATCH` events; 0 when none waits or the head moved meanwhile."""
    waiting_rows = AuditEvent.objects.filter(number__isnull=True).order_by("pk")
    if not waiting_rows.exists():
        return 0
    AuditHead.objects.get_or_create(pk=1, defaults={"number": 0, "hash": FIRST_LINK})
    with transaction.atomic():
        head = AuditHead.objects.get(pk=1)
        waiting = list(waiting_rows[:BATCH])
        if not waiting:
            return 0
        links, number, previous = [], head.number, head.hash
        for event in waiting:
            number += 1
            digest = _digest(event, number, previous)
            links.append((event.pk, number, previous, digest))
            previous = digest
        moved = AuditHead.objects.filter(pk=1, number=head.number, hash=head.hash)
        if not moved.update(number=number, hash=previous):
            return 0
        for pk, at, before, digest in links:
            if not AuditEvent.objects.seal(pk, number=at, previous_hash=before, digest=digest):
                raise RuntimeError(f"Audit event {pk} was sealed outside the chain.")
    return len(waiting)


def _links() -> Iterator[tuple[AuditEvent, AuditPersonalData | None]]:
    """Sealed events in the order of their numbers, each with its personal part or None when erased."""
    rows = AuditEvent.objects.filter(number__isnull=False).order_by("number").select_related("personal")
    for event in rows.iterator(chunk_size=1000):
        yield event, getattr(event, "personal", None)


def _fault(event: AuditEvent, personal: AuditPersonalData | None, number: int, previous: str) -> str:
    """Why this link is not the one that belongs here; empty when it is."""
    if event.number != number:
        return f"number {number} is missing"
    if event.previous_hash != previous:
        return "does not follow the event before it"
    if event.hash != _digest(event, number, previous):
        return "was changed after it was sealed"
    if personal and event.personal_hash != _personal_hash(personal.salt, personal.data):
        return "its personal part was changed"
    return ""


def _digest(event: AuditEvent, number: int, previous: str) -> str:
    """SHA-256 of the canonical JSON of everything in the row but the hash itself."""
    return _sha256(
        {
            "number": number,
            "previous": previous,
            "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "action": event.action,
            "actor": event.actor_id,
            "authority": event.authority_id,
            "subject": [event.subject_type, event.subject_id],
            "before": event.before,
            "after": event.after,
            "personal": event.personal_hash,
        }
    )


def _personal_hash(salt: str, personal: object) -> str:
    return _sha256([salt, personal])


def _sha256(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _personal(values: Mapping[str, Any] | None) -> Any:
    return _plain({k: v for k, v in (values or {}).items() if k in PERSONAL_KEYS})


def _impersonal(values: Mapping[str, Any] | None) -> Any:
    if values is None:
        return None
    return _plain({k: v for k, v in values.items() if k not in PERSONAL_KEYS})


def _plain(values: object) -> Any:
    """JSON as every database gives it back. Floats become text: databases differ in how they write them."""
    return json.loads(json.dumps(values, cls=DjangoJSONEncoder), parse_float=str)
