"""From a subscription to the course of an operation: what drills and failovers ask for alike."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from elaastic.levels.level2_terms import NATURES
from elaastic.models import RecoveryPoint, Subscription
from provisioning.domain.course import Machine, Place, Source
from provisioning.selectors.region import platform

# So that names with the longest machine's name in them are still names to every platform.
_KEY_DIGITS: Final = 9


def new_key(letter: str) -> str:
    """Of an operation; its letter tells people what it is."""
    return f"{letter}{uuid.uuid4().hex[:_KEY_DIGITS]}"


def place_of(row: Subscription, systems: Iterable[str]) -> Place:
    """The reserve's site, which on a cloud of several is a zone."""
    platforms = {system: row.placement["platforms"][system] for system in sorted(systems)}
    site = row.placement.get("reserve", "")
    cloud = platform(platforms.get("openstack", ""))
    return Place(platforms, site, zone=site if cloud is not None and len(cloud.sites) > 1 else "")


def machine_from(terms: Mapping[str, Any], point: RecoveryPoint) -> Machine:
    """The machine of the terms, as it starts from this image."""
    source = Source(point.archive, point.key, point.version, point.size, point.sha512, point.form)
    return Machine(
        terms["name"], NATURES[terms["nature"]], terms["vcpus"], terms["ram_mib"], terms["disk_gib"], source
    )
