"""A town of level 2 that tries its recovery plan: what people do before the workers do the rest."""

from typing import Any, Final

from django.core.management import call_command

from elaastic.levels import LEVELS
from elaastic.models import RecoveryPoint
from elaastic.services import drilling, inspecting, intake
from tests.faults import acts
from tests.provisioning.operations import forge

_MACHINE: Final = {"nature": "stateless", "vcpus": 1, "ram_mib": 256, "disk_gib": 1, "expected_interval_hours": 24}
TERMS: Final[dict[str, Any]] = {
    **LEVELS[2].defaults,
    "quota_gib": 100,
    "archives": [{"name": "images", "expected_interval_hours": 24}],
    "machines": [{"name": "dns", **_MACHINE}, {"name": "web", **_MACHINE}],
}
# The beginning of a disk with a partition: in that a simulated machine finds something to boot.
DISK: Final = forge.raw()[: 1 << 16]


def subscribe() -> None:
    """Asked for, planned, approved; its capacity counts what the region file says now."""
    acts.begin()
    call_command("load_capacity")
    acts.ask(terms=TERMS, level=2)
    acts.say_yes()


def send_images() -> None:
    """The town uploads one for each machine, and workers look at them."""
    acts.back_up(["images"], {f"{machine['name']}/disk.raw": DISK for machine in TERMS["machines"]})
    intake.tick()
    while inspecting.read_next():
        pass
    found = list(RecoveryPoint.objects.values_list("state", "reason", "detail"))
    assert [state for state, *_ in found] == ["usable", "usable"], found


def begin_drill() -> None:
    """The owner asks for the whole plan."""
    acts.begin()
    drilling.begin_drill(subscription=acts._subscription(), by=acts._actor("owner@comune.example"))
