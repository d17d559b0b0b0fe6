"""What a worker brings to a reconcile: the region of today and its platforms, opened when first needed."""

import os
import time

from provisioning.domain.handler import Provider
from provisioning.domain.region import Platform
from provisioning.engine.reconciler import Surroundings
from provisioning.providers import open_platform
from provisioning.selectors.region import platform, region

# Keyed by pid: a connection made before a fork hangs or lies after it. A changed region file opens anew.
_opened: dict[tuple[int, str], tuple[Platform, Provider]] = {}


def provider(platform_id: str) -> Provider | None:
    """The platform's provider, or None when the region file lost it."""
    wanted = platform(platform_id)
    if wanted is None:
        return None
    key = (os.getpid(), platform_id)
    if key not in _opened or _opened[key][0] != wanted:
        _opened[key] = (wanted, open_platform(wanted))
    return _opened[key][1]


def queue_of(platform_id: str) -> str:
    """The queue whose workers reach this platform."""
    found = platform(platform_id)
    return found.queue if found else "portal"


def surroundings(serves: frozenset[str] | None = None) -> Surroundings:
    """For a worker that may call the platforms in `serves` (None: all)."""
    return Surroundings(region().installation, provider, queue_of, serves, time.sleep)
