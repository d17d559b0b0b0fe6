"""The registry of providers; each is imported when a worker first needs it, never by the web process."""

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from provisioning.domain.handler import Provider
from provisioning.domain.region import Platform

PROVIDERS: Final[dict[str, str]] = {
    "ceph": "provisioning.providers.ceph.provider",
    "openstack": "provisioning.providers.openstack.provider",
    "proxmox": "provisioning.providers.proxmox.provider",
}


def open_platform(platform: Platform) -> Provider:
    """A provider for this platform; it connects lazily. KeyError names a provider that does not exist yet."""
    if platform.provider not in PROVIDERS:
        raise KeyError(f"No provider {platform.provider!r} in this release (platform {platform.id}).")
    module = import_module(PROVIDERS[platform.provider])
    return cast(Callable[[Platform], Provider], module.open_platform)(platform)
