"""`manage.py load_capacity`: bring the capacity rows to the region file's figures."""

from typing import Any

from django.core.management.base import BaseCommand

from provisioning.services import capacity


class Command(BaseCommand):
    """Run at start, and after the region file changed; the workers do it every 15 minutes too."""

    help = "Bring the capacity rows to the region file's figures."

    def handle(self, *args: Any, **options: Any) -> None:
        """No promise is ever cut: a total stays at what is promised."""
        capacity.load_totals()
