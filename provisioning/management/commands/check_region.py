"""`manage.py check_region`: does every platform have what the region file says?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from provisioning.services import upkeep


class Command(BaseCommand):
    """Asks the platforms, so it is no system check: those run in the web process too. Workers do it at start."""

    help = "Ask every platform whether it has what the region file says; one sentence for each thing it lacks."

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 and the sentences when something is missing."""
        if faults := upkeep.region_faults():
            raise CommandError("\n".join(faults))
        self.stdout.write("Every platform has what the region file says.")
