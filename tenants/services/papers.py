"""The way in without the PEC mailbox: a letter signed by who represents the body, looked at by a person.

A letter is what its first bytes say, never what its name says, and no name of a sender's is kept.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.models import Actor, Paper, PaperKind, Registration, RegistrationState
from tenants.models.errors import Invalid, TooMany, WrongState
from tenants.services import audit

MOST_BYTES: Final = 5 * 1024 * 1024  # a letter of a few scanned pages, signed
MOST_PAPERS: Final = 3
# What waits for a person is bounded, so that strangers cannot fill the database: a gigabyte and a half at most.
MOST_WAITING: Final = 100
# DER of the object identifier pkcs7-signedData (RFC 5652), which stands near the beginning of a signed file.
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")


@transaction.atomic
def add_papers(*, registration: Registration, files: "Sequence[UploadedFile[Any]]", by: Actor) -> Registration:
    """Letters instead of the code; the region looks at them. Raises Invalid, WrongState, TooMany."""
    row = Registration.objects.get(pk=registration.pk)
    if row.state != RegistrationState.UNPROVEN:
        raise WrongState(_("This registration is with the region already."))
    if not 1 <= len(files) <= MOST_PAPERS:
        raise Invalid(errors={"papers": [_("Choose between one and three files.")]})
    if Registration.objects.filter(state=RegistrationState.TO_CHECK, papers__isnull=False).count() >= MOST_WAITING:
        raise TooMany(_("Too many letters wait at the region: try again tomorrow, or write from the PEC address."))
    papers = [_paper(row, number, file) for number, file in enumerate(files, 1)]
    moved = Registration.objects.filter(pk=row.pk, state=RegistrationState.UNPROVEN)
    if not moved.update(state=RegistrationState.TO_CHECK, secret_hash="", send_due=None, tries_left=0):
        raise WrongState(_("This registration is with the region already."))
    Paper.objects.bulk_create(papers)
    told = [{"kind": p.kind, "size_bytes": p.size_bytes, "sha256": p.sha256} for p in papers]
    audit.record(
        by=by, action="registration.letter_sent", subject_type="registration", subject_id=row.public_id,
        after={"papers": told},
    )  # fmt: skip
    row.refresh_from_db()
    return row


def _paper(row: Registration, number: int, file: "UploadedFile[Any]") -> Paper:
    if not file.size or file.size > MOST_BYTES:
        raise Invalid(errors={"papers": [_("File %(number)s is empty or larger than 5 MiB.") % {"number": number}]})
    content = file.read()
    kind = _kind(content)
    if kind is None:
        sentence = _("File %(number)s is neither a PDF nor a signed file (P7M).")
        raise Invalid(errors={"papers": [sentence % {"number": number}]})
    return Paper(
        registration=row, number=number, kind=kind, size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(), content=content,
    )  # fmt: skip


def _kind(content: bytes) -> PaperKind | None:
    if content.startswith(b"%PDF-"):
        return PaperKind.PDF
    if content[:1] == b"\x30" and _SIGNED_DATA in content[:32]:
        return PaperKind.P7M
    return None
