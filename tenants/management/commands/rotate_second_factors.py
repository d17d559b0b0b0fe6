"""`manage.py rotate_second_factors`: seal every second factor's seed with the vault's first key again."""

from typing import Any

from django.core.management.base import BaseCommand

from tenants.services.accounts import rotate_second_factors


class Command(BaseCommand):
    """Run it beside `rotate_vault`, before the former key leaves the file."""

    help = "Seal every second factor's seed with the first key of the vault. Can be repeated."

    def handle(self, *args: Any, **options: Any) -> None:
        """How many were sealed."""
        self.stdout.write(f"{rotate_second_factors()} second factors sealed.")
