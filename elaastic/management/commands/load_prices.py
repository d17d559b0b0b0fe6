"""`manage.py load_prices FILE --by EMAIL`: publish the price list of a YAML file. Repeatable."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from elaastic.levels.pricing import CURRENCY, Price
from elaastic.services.pricing import publish_prices
from tenants.models import Actor, User
from tenants.models.errors import DomainError


class Command(BaseCommand):
    """The file: a list of `{valid_from, level, currency, items: {item: "amount"}}`; amounts are quoted texts."""

    help = "Publish prices. What has begun is never changed: give it a later date."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and whose act it is."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="EMAIL", help="An operator or administrator.")

    def handle(self, *_: Any, **options: Any) -> None:
        """All of the file or nothing."""
        user = User.objects.filter(email=options["by"].strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active account with the address {options['by']}.")
        try:
            prices = list(read_prices(options["file"]))
            count = publish_prices(prices, by=Actor(user=user, on_behalf_of="shell"))
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{count} prices published, {len(prices) - count} were there.")


def read_prices(path: Path) -> Iterator[Price]:
    """The rows of the file; CommandError says which entry is at fault."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    for number, entry in enumerate(entries, start=1):
        try:
            day, level, items = entry["valid_from"], int(entry["level"]), entry["items"]
            if not isinstance(day, date) or any(not isinstance(amount, str) for amount in items.values()):
                raise ValueError("valid_from must be a date, and each amount a quoted text")
            for item, amount in items.items():
                yield Price(level, item, Decimal(amount), day, entry.get("currency", CURRENCY))
        except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
            raise CommandError(f"{path}, entry {number}: {error!r}") from error
