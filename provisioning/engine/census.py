"""The search for what is ours and in no row. It removes nothing: at most it writes a row that asks for it.

An object is taken for an orphan only at the second sighting, a lease apart: an answer may still be on its way.
What bears data is only reported, and so is what no marker and no secret proves ours, and whatever is met while the
platform knows more than the database: it may be a town's whose order the database forgot.
"""

from provisioning.domain.conditions import State
from provisioning.domain.handler import Provider
from provisioning.domain.names import Marker
from provisioning.domain.observation import Sighting
from provisioning.engine import claims
from provisioning.engine.claims import LEASE
from provisioning.kinds import KINDS
from provisioning.models import OrphanSighting, Resource, Stack, clock


def take(platform: str, provider: Provider, installation: str, *, ahead: bool = False) -> int:
    """List everything by marker and compare with the rows; how many are open. `ahead`: of the database."""
    began = clock.now()
    known = set(
        Resource.objects.filter(platform=platform)
        .exclude(state=State.GONE)
        .exclude(external_id="")
        .values_list("kind", "external_id")
    )
    for seen in provider.census():
        marker = Marker.parse(seen.marker)
        if marker is None or marker.installation != installation or (seen.kind, seen.external_id) in known:
            continue
        _consider(platform, seen, marker, ahead=ahead)
    gone = OrphanSighting.objects.filter(platform=platform, last_seen__lt=began, settled_at__isnull=True)
    gone.update(settled_at=began)
    return OrphanSighting.objects.filter(platform=platform, settled_at__isnull=True).count()


def _consider(platform: str, seen: Sighting, marker: Marker, *, ahead: bool) -> None:
    here = Resource.objects.filter(platform=platform, kind=seen.kind)
    row = here.filter(stack__key=marker.stack, name=marker.name).first()
    if row and row.state != State.GONE and not row.external_id:
        return  # that row's candidate: its own look will find it
    now = clock.now()
    sighting, _ = OrphanSighting.objects.get_or_create(
        platform=platform,
        kind=seen.kind,
        external_id=seen.external_id,
        defaults={"marker": seen.marker, "first_seen": now, "last_seen": now},
    )
    if sighting.settled_at:  # it went and is back: the first sighting of another object
        sighting.first_seen, sighting.kept_since = now, None
    if ahead and sighting.kept_since is None:
        sighting.kept_since = now
    OrphanSighting.objects.filter(pk=sighting.pk).update(
        first_seen=sighting.first_seen, kept_since=sighting.kept_since, last_seen=now, settled_at=None
    )
    if sighting.kept_since or KINDS[seen.kind].bears_data or not KINDS[seen.kind].marker:
        return
    if now - sighting.first_seen < LEASE:
        return
    if row is None and Stack.objects.filter(key=marker.stack).exists():
        row = Resource(
            stack=Stack.objects.get(key=marker.stack), name=marker.name, kind=seen.kind, platform=platform, spec={}
        )
    if row is not None:
        claims.make_orphan(row, seen.external_id, seen.marker, purge=False)
