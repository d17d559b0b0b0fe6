"""`manage.py seed_demo`: the demo people and a dozen invented authorities. Repeatable."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.services.demo import DEMO_PASSWORD, seed_demo


class Command(BaseCommand):
    """Refuses where real people work: these passwords stand in the README."""

    help = "Create the demo people and authorities (only with MCLOUD_DEMO=true)."

    def handle(self, *_: Any, **__: Any) -> None:
        """Create what is missing and say who may log in."""
        if not settings.DEMO:
            raise CommandError("This is not a demo: set MCLOUD_DEMO=true to have demo people.")
        for user in seed_demo():
            self.stdout.write(f"{user.email}  ({user.full_name})")
        self.stdout.write(f"The password of each person is {DEMO_PASSWORD}")
