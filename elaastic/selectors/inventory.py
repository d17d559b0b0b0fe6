"""What is kept of an authority, where, until when and why; and, when it is gone, what says so."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elaastic.levels import LEVELS
from elaastic.models import Decision, Request, RequestKind, Subscription
from elaastic.selectors.copies import site_names
from provisioning.domain.conditions import State
from provisioning.domain.manifest import Placement, digest
from provisioning.selectors.metering import ArchiveUse, archive_uses
from provisioning.selectors.stacks import resources
from tenants.models import AuditEvent
from tenants.models.errors import NotFound


@dataclass(frozen=True)
class Kept:
    """One thing. `kind`: archive, key or record; `why`: a stable word for the reason that it is kept; `until` None:
    for as long as `why` says. Sizes are those of the newest look, None when nobody has looked.
    """

    kind: str
    name: str
    where: tuple[str, ...]
    until: datetime | None
    why: str
    bucket: str = ""
    held_bytes: int | None = None
    held_objects: int | None = None


def inventory(row: Subscription) -> list[Kept]:
    """Archives, the key that restores them, and what the portal itself keeps. Three queries."""
    uses = {use.resource: use for use in archive_uses(row.stack_key)}
    placement = Placement.parse(row.placement)
    found = []
    for resource in resources(row.stack_key):
        if resource.orphan or resource.condition.state == State.GONE:
            continue
        if resource.kind == "ceph.bucket":
            bucket = str(resource.outputs.get("bucket", ""))
            sites = site_names(placement, str(resource.seen.get("placement_target", "")))
            found.append(_archive(resource.name, bucket, uses.get(resource.name), sites, row))
    if found:
        names = [name for name, first in LEVELS[row.level].credentials.items() if name == "restore" and first]
        found += [Kept("key", name, (), row.kept_until, "restores") for name in names]
    return [*found, Kept("record", "requests", (), None, "proof"), Kept("record", "trail", (), None, "law")]


def _archive(name: str, bucket: str, use: ArchiveUse | None, sites: tuple[str, ...], row: Subscription) -> Kept:
    return Kept(
        "archive", name.removeprefix("archive-"), sites, row.kept_until,
        "retention" if row.leave_requested_at else "in_force", bucket,
        use.held_bytes if use else None, use.held_objects if use else None,
    )  # fmt: skip


@dataclass(frozen=True)
class Certificate:
    """That everything was deleted. `fingerprint` is over everything that the certificate says, so that two copies
    can be held against each other; `trail_hash` is the approval's link in the audit chain, '' until it is sealed.
    """

    subscription: Subscription
    request: Request
    archives: tuple[Kept, ...]
    sites: tuple[str, ...]
    trail_number: int | None
    trail_hash: str
    fingerprint: str


def certificate(row: Subscription) -> Certificate:
    """NotFound until a purge that was asked for was carried out to its end."""
    asked = row.requests.filter(kind=RequestKind.PURGE, decision=Decision.APPROVED, applied_at__isnull=False)
    purge = asked.select_related("requested_by", "decided_by").first()
    if purge is None or row.ended_at is None:
        raise NotFound
    uses = {use.resource: use for use in archive_uses(row.stack_key)}
    sites = site_names(Placement.parse(row.placement))
    archives = tuple(
        _archive(f"archive-{a['name']}", "", uses.get(f"archive-{a['name']}"), sites, row)
        for a in row.terms["archives"]
    )
    event = AuditEvent.objects.filter(subject_id=str(purge.public_id), action="request.approved").first()
    number, sealed = (event.number, event.hash) if event else (None, "")
    said = _said(row, purge, archives, sites)
    return Certificate(row, purge, archives, sites, number, sealed, hashlib.sha256(said.encode()).hexdigest())


def _said(row: Subscription, purge: Request, archives: tuple[Kept, ...], sites: tuple[str, ...]) -> str:
    told: dict[str, Any] = {
        "authority": [row.authority.name, row.authority.ipa_code, row.authority.fiscal_code],
        "subscription": str(row.public_id),
        "request": str(purge.public_id),
        "plan": purge.plan_digest,
        "asked": purge.created_at.isoformat(),
        "decided": purge.decided_at.isoformat() if purge.decided_at else "",
        "ended": row.ended_at.isoformat() if row.ended_at else "",
        "archives": [[a.name, a.held_bytes, a.held_objects] for a in archives],
        "sites": list(sites),
    }
    return digest(told)
