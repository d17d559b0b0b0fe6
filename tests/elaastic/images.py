"""Images as rows, as if workers had listed and read them."""

from datetime import datetime, timedelta
from typing import Any, Final

from elaastic.models import ImagesLook, RecoveryPoint, Subscription
from provisioning.services.clock import now


def looked(row: Subscription, **more: Any) -> None:
    """A worker listed the archive just now; it has looked for these machines for a hundred days."""
    since = (now() - timedelta(days=100)).isoformat()
    said = {"at": now(), "machines": dict.fromkeys(("files", "web"), since), **more}
    ImagesLook.objects.update_or_create(subscription=row, defaults=said)


FOUND: Final[dict[str, Any]] = {"sha256": "a" * 64, "sha512": "b" * 128, "form": "qcow2", "virtual_bytes": 2**34}


def arrived(
    row: Subscription, hours: float, state: str = "usable", machine: str = "web", **more: Any
) -> RecoveryPoint:
    """An image that arrived so long ago."""
    when: datetime = now() - timedelta(hours=hours)
    found = FOUND if state == "usable" else {}
    return RecoveryPoint.objects.create(
        subscription=row, machine=machine, archive="images", key=f"{machine}/{hours}.qcow2", version=f"v{hours}",
        size=3 * 2**30, arrived_at=when, noted_at=when, state=state, **{**found, **more},
    )  # fmt: skip
