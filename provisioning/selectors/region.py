"""The region file, read once a process and again when it changes."""

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from provisioning.domain.region import Platform, Region, RegionFileError, parse_region


@lru_cache(maxsize=4)
def _read(path: Path, stamp: tuple[float, int]) -> Region:
    try:
        return parse_region(path.read_text(encoding="utf-8"))
    except RegionFileError as error:
        raise ImproperlyConfigured(f"{path.name}: {error}") from error


def region() -> Region:
    """Today's region; ImproperlyConfigured says which line is at fault."""
    path = settings.REGION_FILE
    if path is None:
        raise ImproperlyConfigured("MCLOUD_REGION_FILE is not set: it must name the region file.")
    try:
        stat = os.stat(path)
    except OSError as error:
        raise ImproperlyConfigured(f"MCLOUD_REGION_FILE: {path} cannot be read ({error.strerror}).") from error
    return _read(Path(path), (stat.st_mtime, stat.st_size))


def platform(id: str) -> Platform | None:
    """The platform of that id, or None when the file lost it."""
    return region().platform(id)


def protocols() -> tuple[str, ...]:
    """Ways to an archive that every Ceph platform offers: it does not matter on which of them one lies."""
    if settings.REGION_FILE is None:
        return ("s3",)
    found = [p.protocols for p in region().platforms if p.provider == "ceph"]
    return tuple(name for name in found[0] if all(name in other for other in found)) if found else ("s3",)


def systems() -> frozenset[str]:
    """Providers of which this region has a platform that may be written to."""
    if settings.REGION_FILE is None:
        return frozenset({"ceph"})
    return frozenset(p.provider for p in region().platforms if not p.maintenance)


def region_problems() -> list[str]:
    """What is wrong with the region file and the credentials it names, as sentences; [] when all is well."""
    if settings.REGION_FILE is None and not getattr(settings, "PRODUCTION", False):
        return []  # management commands of an embedded portal run before its region exists
    try:
        found = region()
    except ImproperlyConfigured as error:
        return [str(error)]
    return [
        f"Platform {p.id}: credentials_file {p.credentials_file} cannot be read."
        for p in found.platforms
        if p.provider != "people" and not os.access(p.credentials_file, os.R_OK)
    ]
