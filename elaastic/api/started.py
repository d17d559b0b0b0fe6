"""What drills and failovers show alike: a machine that was started from its image."""

from typing import Any, Final

from rest_framework import serializers

from provisioning.domain.course import Course
from provisioning.domain.findings import Findings

_MOMENTS: Final = ("imported_at", "asked_at", "started_at", "answered_at")


class StartedMachineShape(serializers.Serializer[Any]):
    """One machine: its image by name and sum, and when what happened; null: not yet, or never. `console`: the last
    lines that it wrote; of a machine on Proxmox what was asked inside it, a check a line, and what came of it.
    """

    name = serializers.CharField()
    image = serializers.CharField()
    image_sha512 = serializers.CharField()
    imported_at = serializers.DateTimeField(allow_null=True)
    asked_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    console = serializers.CharField()


def started_machines(course: Course, findings: Findings) -> list[dict[str, Any]]:
    """`StartedMachineShape` of each machine of the course, in boot order."""
    return [
        {
            "name": machine.name,
            "image": machine.source.key,
            "image_sha512": machine.source.sha512,
            **{name: getattr(found, name) or None for name in _MOMENTS},
            "console": found.console,
        }
        for machine in course.machines
        for found in [findings.of(machine.name)]
    ]
