"""The ledger to take away: one ZIP that is checked without the portal. See `templates/elaastic/bundle/`."""

import json
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

from django.conf import settings
from django.db.models import QuerySet

from elaastic.models import Subscription, Verification, VerificationHead
from elaastic.selectors.ledger import in_order, line

# Larger ones lie on the disk while they are sent.
_IN_MEMORY: Final = 4 * 2**20
BUNDLE: Final = "prove-di-ripristino.zip"
_BESIDE: Final = ("LEGGIMI.txt", "README.txt", "check.py")


def make_bundle(subscriptions: QuerySet[Subscription]) -> IO[bytes]:
    """The whole chains of these, from their first link on; the file is at its beginning. The heads are read first:
    what is written meanwhile comes with the next bundle.
    """
    heads = VerificationHead.objects.filter(subscription__in=subscriptions.values("pk"), number__gt=0)
    found = list(heads.select_related("subscription__authority").order_by("subscription_id"))
    made = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in _BESIDE:
            bundle.writestr(_entry(name), (_folder() / name).read_bytes(), zipfile.ZIP_DEFLATED)
        with bundle.open(_entry("verifications.jsonl"), "w") as lines:
            _write(lines, _lines(subscriptions, found))
        with bundle.open(_entry("heads.jsonl"), "w") as lines:
            _write(lines, (_head(one) for one in found))
    made.seek(0)
    return made


def _entry(name: str) -> zipfile.ZipInfo:
    """Dated alike, so that the same proofs are the same file."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "templates" / "elaastic" / "bundle"


def _lines(subscriptions: QuerySet[Subscription], heads: Iterable[VerificationHead]) -> Iterable[str]:
    ends = {head.subscription_id: head.number for head in heads}
    rows = Verification.objects.filter(subscription__in=subscriptions.values("pk"))
    return (line(row) for row in in_order(rows) if row.number <= ends.get(row.subscription_id, 0))


def _head(head: VerificationHead) -> str:
    authority = head.subscription.authority
    content = {
        "subscription": str(head.subscription.public_id),
        "authority": str(authority.public_id),
        "ipa_code": authority.ipa_code,
        "name": authority.name,
        "number": head.number,
        "hash": head.hash,
    }
    return json.dumps(content, ensure_ascii=False)


def _write(file: IO[bytes], lines: Iterable[str]) -> None:
    for text in lines:
        file.write(text.encode() + b"\n")
