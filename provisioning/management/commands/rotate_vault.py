"""`manage.py rotate_vault`: re-encrypt every secret with the first key. Can be stopped and started again."""

from typing import Any

from django.core.management.base import BaseCommand

from provisioning import vault


class Command(BaseCommand):
    """After this has ended, the old keys can be taken out of the vault's key file."""

    help = "Re-encrypt every stored secret with the first key of the vault's key file."

    def handle(self, *args: Any, **options: Any) -> None:
        """Batch by batch, each its own statement."""
        after = 0
        while after := vault.rotate(after):
            self.stdout.write(f"Re-encrypted up to row {after}.")
        self.stdout.write("Every secret is encrypted with the first key.")
