"""The chain of verifications: what exactly is summed up, and whether it still holds.

1. A link is one line of JSON in ASCII, keys sorted, no blanks: everything in the row but its own sum.
2. Its sum is the SHA-256 of that line; the next link has it as `previous`, the head of the chain as `hash`.
3. A chain is a subscription's own, so that what one authority is handed is whole without another's.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from django.db.models import QuerySet

from elaastic.models import FIRST_LINK, Verification, VerificationHead


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold. `number`: of the first link at fault; 0 when it is the end."""

    stack_key: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What a walk over all chains found."""

    chains: int
    links: int
    breaks: tuple[Break, ...]

    @property
    def holds(self) -> bool:
        """Nothing was changed, taken out or re-ordered."""
        return not self.breaks


def line(row: Verification) -> str:
    """What is summed up of a link; needs its subscription, authority and person selected with it."""
    subscription = row.subscription
    content = {
        "subscription": str(subscription.public_id),
        "authority": str(subscription.authority.public_id),
        "number": row.number,
        "previous": row.previous_hash,
        "id": str(row.public_id),
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "archive": row.archive,
        "kind": str(row.kind),
        "passed": row.passed,
        "by": str(row.by.public_id) if row.by else None,
        "seconds": row.seconds,
        "evidence": row.evidence,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(text: str) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def in_order(rows: QuerySet[Verification]) -> Iterator[Verification]:
    """Chain by chain, each from its first link on."""
    ordered = rows.select_related("subscription__authority", "by").order_by("subscription_id", "number")
    yield from ordered.iterator(chunk_size=1000)


def check_ledger() -> LedgerReport:
    """Walk every chain to its first break."""
    heads = {head.subscription_id: head for head in VerificationHead.objects.select_related("subscription")}
    last: dict[int, tuple[int, str]] = {}
    broken: dict[int, Break] = {}
    links = 0
    for row in in_order(Verification.objects.all()):
        links += 1
        pk = row.subscription_id
        number, previous = last.get(pk, (0, FIRST_LINK))
        reason = _fault(row, number + 1, previous)
        if reason and pk not in broken:
            broken[pk] = Break(row.subscription.stack_key, number + 1, reason)
        last[pk] = (row.number, row.hash)
    for pk, head in heads.items():
        if last.pop(pk, (0, FIRST_LINK)) != (head.number, head.hash) and pk not in broken:
            broken[pk] = Break(head.subscription.stack_key, 0, "the chain does not end where its head says")
    for pk in last.keys() - broken.keys():
        broken[pk] = Break(str(pk), 0, "the chain has no head")
    return LedgerReport(len(heads), links, tuple(broken.values()))


def _fault(row: Verification, number: int, previous: str) -> str:
    """Why this link is not the one that belongs here; empty when it is."""
    if row.number != number:
        return f"number {number} is missing"
    if row.previous_hash != previous:
        return "does not follow the one before it"
    return "" if row.hash == digest(line(row)) else "was changed after it was written"
