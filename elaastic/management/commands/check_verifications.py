"""`manage.py check_verifications`: walk the chains of verifications; a break ends it with 1."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from elaastic.selectors.ledger import check_ledger


class Command(BaseCommand):
    """Reads only. A bundle is checked without the portal: by the program that lies in it."""

    help = "Check that no verification was changed, taken out or re-ordered."

    def handle(self, *_: Any, **options: Any) -> None:
        """One line for each chain that is broken, then the sum."""
        found = check_ledger()
        for one in found.breaks:
            where = f"at number {one.number}" if one.number else "at its end"
            self.stdout.write(f"{one.stack_key}: broken {where}: {one.reason}")
        if found.breaks:
            raise CommandError(f"{len(found.breaks)} of {found.chains} chains are broken.")
        self.stdout.write(f"{found.links} verifications in {found.chains} chains: nothing was changed.")
