"""Showing that what was copied comes back.

1. *Readable*: workers read a random few objects of each archive again, every week, and compare them with what
   they said of themselves when they arrived (`provisioning.services.reading`).
2. *Restored*: the authority restores what the portal names, with its own program, and gives the SHA-256 of what
   came out. Where copies are clear that is an object that the portal has read itself. Where they are encrypted the
   portal can compare nothing that lies in the archive, so it hands out a proof file first, whose words nobody else
   knows; once a copy has arrived after that, the file must come back out of it (ADR 17).

Both end in a Verification, which is never changed. `verified_at` of the subscription is the newest passed restore.
"""

import hashlib
import hmac
import re
import secrets
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from elaastic.levels import Mode
from elaastic.models import CLEAR_TOOLS, RESTORE_TOOLS, RestoreTest, Subscription, VerificationKind
from elaastic.models.errors import NoRestoreTest, NothingToRestore, RestoreTestOpen, WritingStopped
from elaastic.permissions import may_ask
from elaastic.selectors.subscriptions import credentials
from elaastic.services.ledger import enter
from provisioning.services.clock import now
from tenants.models import Actor
from tenants.models.errors import Forbidden, Invalid
from tenants.services import audit

_SHA256: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_PROOF_BYTES: Final = 32


def begin_restore_test(*, subscription: Subscription, archive: str, tool: str, by: Actor) -> RestoreTest:
    """Ask for one. Raises Forbidden, Invalid, NothingToRestore, RestoreTestOpen, WritingStopped."""
    if not may_ask(by, subscription):
        raise Forbidden
    _check(subscription, archive, tool)
    if not _can_restore(subscription):
        raise NothingToRestore
    _check_copies_come(subscription, tool)
    moment = now()
    test = RestoreTest(
        subscription=subscription, archive=archive, tool=tool, asked_by=by.user, asked_at=moment, look_due=moment
    )
    if tool not in CLEAR_TOOLS:
        hand_out_proof(test)
    try:
        with transaction.atomic():
            test.save()
            _record(test, "restore_test.begun", by, {"archive": archive, "tool": tool})
    except IntegrityError as error:
        raise RestoreTestOpen from error
    return test


def _check(subscription: Subscription, archive: str, tool: str) -> None:
    faults = {}
    if archive not in {a["name"] for a in subscription.terms.get("archives", ())}:
        faults["archive"] = [_("This is not an archive of the subscription.")]
    if tool not in RESTORE_TOOLS:
        faults["tool"] = [_("Choose one of the programs.")]
    if faults:
        raise Invalid(errors=faults)


def _can_restore(subscription: Subscription) -> bool:
    over = subscription.ended_at or subscription.closed_at or not subscription.activated_at
    return not over and any(c.name == "restore" and c.ready for c in credentials(subscription))


def _check_copies_come(subscription: Subscription, tool: str) -> None:
    """A proof file needs a copy; a sample needs the portal's own key, which goes when an authority leaves."""
    if subscription.leave_requested_at:
        raise WritingStopped(
            _("The authority leaves: no new restore test is begun. Your restore key still opens every copy.")
        )
    if tool not in CLEAR_TOOLS and not Mode.parse(subscription.mode).writes:
        raise WritingStopped


def hand_out_proof(test: RestoreTest) -> None:
    """Make the proof file's words up; nothing is stored yet."""
    words = secrets.token_hex(_PROOF_BYTES)
    test.proof_text = f"Mcloud ELaaStic\n{test.filename}\n{words}\n"
    test.sha256 = hashlib.sha256(test.proof_text.encode()).hexdigest()


def answer_restore_test(*, test: RestoreTest, sha256: str, by: Actor) -> RestoreTest:
    """Compare what came out. `sha256` may be the whole line that the command printed.

    The test as it is afterwards: a wrong sum is counted, and it goes on while `tries_left` says so.
    Raises Forbidden, NoRestoreTest; Invalid when there is no sum in it.
    """
    if not may_ask(by, test.subscription):
        raise Forbidden
    found = _SHA256.search(sha256.strip().lower())
    if found is None:
        raise Invalid(errors={"sha256": [_("Paste the SHA-256: 64 digits and letters from a to f.")]})
    if test.ended_at or not test.ready_at:
        raise NoRestoreTest
    if hmac.compare_digest(found.group(), test.sha256):
        _end(test, "passed", by)
    else:
        _count_wrong(test, by)
    return RestoreTest.objects.select_related("subscription__authority", "asked_by").get(pk=test.pk)


def _count_wrong(test: RestoreTest, by: Actor) -> None:
    """At the last one it has failed."""
    with transaction.atomic():
        mine = RestoreTest.objects.filter(pk=test.pk, ended_at=None, wrong=test.wrong)
        if not mine.update(wrong=F("wrong") + 1):
            raise NoRestoreTest
        test.wrong += 1
        _record(test, "restore_test.answered", by, {"right": False})
        if not test.tries_left:
            _end(test, "failed", by)


def stop_restore_test(*, test: RestoreTest, failed: bool, by: Actor) -> None:
    """`failed`: it was tried and could not be restored, which is a result. Else nothing was shown either way.

    Raises Forbidden, NoRestoreTest.
    """
    if not may_ask(by, test.subscription):
        raise Forbidden
    if failed and not test.ready_at:
        raise NoRestoreTest
    _end(test, "failed" if failed else "stopped", by)


def _end(test: RestoreTest, outcome: str, by: Actor) -> None:
    """Once, and with its row in the ledger."""
    moment = now()
    with transaction.atomic():
        mine = RestoreTest.objects.filter(pk=test.pk, ended_at=None)
        if not mine.update(ended_at=moment, outcome=outcome, look_due=None):
            raise NoRestoreTest
        _record(test, "restore_test.ended", by, {"outcome": outcome})
        if outcome == "stopped":
            return
        began = test.ready_at or test.asked_at
        enter(
            subscription=test.subscription,
            archive=test.archive,
            kind=VerificationKind.RESTORED,
            passed=outcome == "passed",
            at=moment,
            by=by.user,
            seconds=max(0, int((moment - began).total_seconds())),
            evidence=_evidence(test),
        )
        if outcome == "passed":
            Subscription.objects.filter(pk=test.subscription_id).update(verified_at=moment)


def _evidence(test: RestoreTest) -> dict[str, Any]:
    """What was asked for: the object, or the proof file that went through the backup."""
    what = dict(test.sample) or {"proof_file": test.filename}
    return {"tool": test.tool, "sha256": test.sha256, "wrong_answers": test.wrong, **what}


def _record(test: RestoreTest, action: str, by: Actor, told: dict[str, Any]) -> None:
    audit.record(
        by=by,
        action=action,
        subject_type="subscription",
        subject_id=test.subscription.public_id,
        authority=test.subscription.authority,
        after=told,
    )
