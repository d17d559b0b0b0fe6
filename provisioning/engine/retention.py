"""What stays when nobody wants it any more."""

from collections.abc import Mapping

from provisioning.domain.manifest import Manifest, refs
from provisioning.engine.targets import was_sent
from provisioning.models import Resource


def kept(manifest: Manifest, rows: Mapping[str, Resource], purge: frozenset[str]) -> set[str]:
    """The names that `manifest` leaves out and that stay: what retains, unless purged, and what it stands on.

    What was never sent holds nothing. Whose deletion was approved in words, and begun, does not come back.
    """
    found = {name for name, row in rows.items() if _retains(row) and name not in purge and not manifest.get(name)}
    more = found
    while more:
        more = {ref.resource for name in more for ref in refs(rows[name].spec)} & set(rows) - found
        found = found | more
    return {name for name in found if not manifest.get(name)}


def _retains(row: Resource) -> bool:
    if row.orphan or not was_sent(row) or (row.wish == Resource.Wish.ABSENT and row.purge):
        return False
    return row.retain or row.declares.bears_data
