"""What was shown to come back, and what is next to be read."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from elaastic.models import RestoreState, RestoreTest, Subscription, Verification, VerificationKind
from elaastic.selectors.subscriptions import subscriptions_readable_by
from provisioning.selectors.metering import ArchiveUse, archive_uses
from provisioning.services.clock import now
from tenants.models import Actor

# A random few a week: of what rots, most is found within a few months.
READ_AGAIN: Final = timedelta(days=7)
# A passphrase is lost in silence: a restore that is older than this proves little.
PROVEN_FOR: Final = timedelta(days=365)
_random: Final = secrets.SystemRandom()


@dataclass(frozen=True)
class Proofs:
    """The newest of each kind, over all archives. `restored_at`: when a restore last passed."""

    restored_at: datetime | None
    readable: Verification | None

    @property
    def is_old(self) -> bool:
        """It is time to prove it again."""
        return self.restored_at is not None and now() - self.restored_at > PROVEN_FOR


def proofs_of(subscription: Subscription) -> Proofs:
    """In one query."""
    readable = subscription.verifications.filter(kind=VerificationKind.READABLE).first()
    return Proofs(subscription.verified_at, readable)


def verifications_readable_by(actor: Actor) -> QuerySet[Verification]:
    """Of the subscriptions one may read."""
    readable = subscriptions_readable_by(actor).values("pk")
    return Verification.objects.filter(subscription__in=readable).select_related("subscription__authority", "by")


def readings_of(rows: Iterable[Subscription]) -> dict[int, dict[str, bool]]:
    """Row id -> archive -> was the newest reading whole? In one query; what was not read lately is left out."""
    lately = Verification.objects.filter(
        subscription__in=list(rows), kind=VerificationKind.READABLE, at__gt=now() - 2 * READ_AGAIN
    )
    found: dict[int, dict[str, bool]] = {}
    for pk, archive, passed in lately.order_by("pk").values_list("subscription_id", "archive", "passed"):
        found.setdefault(pk, {})[archive] = passed
    return found


def restore_tests_readable_by(actor: Actor) -> QuerySet[RestoreTest]:
    """Of the subscriptions one may read."""
    readable = subscriptions_readable_by(actor).values("pk")
    rows = RestoreTest.objects.filter(subscription__in=readable)
    return rows.select_related("subscription__authority", "asked_by")


def restore_tests_in_state(rows: QuerySet[RestoreTest], state: str) -> QuerySet[RestoreTest]:
    """The rows whose `state` it is: the same questions, as a query."""
    going = Q(ended_at=None, ready_at=None)
    questions = {
        RestoreState.CHOOSING: going & Q(proof_text=""),
        RestoreState.COPYING: going & ~Q(proof_text=""),
        RestoreState.RESTORING: Q(ended_at=None, ready_at__isnull=False),
    }
    return rows.filter(questions.get(RestoreState(state), Q(ended_at__isnull=False, outcome=state)))


def longest_unproven(subscription: Subscription) -> str:
    """The archive whose restore was never proven, or the longest ago."""
    passed = subscription.verifications.filter(kind=VerificationKind.RESTORED, passed=True)
    proven = dict(passed.order_by("at").values_list("archive", "at"))
    never = datetime.min.replace(tzinfo=UTC)
    return str(min((a["name"] for a in subscription.terms["archives"]), key=lambda name: proven.get(name, never)))


def last_look(subscription: Subscription, archive: str) -> ArchiveUse | None:
    """What an archive held when last looked at, whether copies are still expected or not; None: never looked at."""
    uses = {use.resource: use for use in archive_uses(subscription.stack_key)}
    return uses.get(f"archive-{archive}")


def open_restore_test(subscription: Subscription) -> RestoreTest | None:
    """There is at most one."""
    return subscription.restore_tests.filter(ended_at=None).first()


def next_to_read() -> tuple[Subscription, str] | None:
    """A random archive that holds something and was not read for a week; None when all were.

    Random, so that one that cannot be read now keeps no other waiting.
    """
    moment = now()
    # What was not whole is looked at again the next day: it may have been mended, or be worse.
    recent = Q(passed=True, at__gt=moment - READ_AGAIN) | Q(at__gt=moment - timedelta(days=1))
    lately = Verification.objects.filter(recent, kind=VerificationKind.READABLE)
    done = set(lately.values_list("subscription_id", "archive"))
    standing = Subscription.objects.filter(activated_at__isnull=False, ended_at=None, closed_at=None)
    due = [
        (pk, archive["name"])
        for pk, terms in standing.values_list("pk", "terms")
        for archive in terms.get("archives", ())
        if (pk, archive["name"]) not in done
    ]
    _random.shuffle(due)
    for pk, archive in due[:20]:
        row = Subscription.objects.select_related("authority").get(pk=pk)
        use = last_look(row, archive)
        if use is not None and use.current_bytes:
            return row, archive
    return None
