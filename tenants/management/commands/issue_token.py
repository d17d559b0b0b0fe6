"""`manage.py issue_token EMAIL --scope … [--authority IPA] [--days N] [--name …]`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.models import SCOPES, Actor, LocalAuthority, User
from tenants.models.errors import DomainError
from tenants.selectors import find_authority
from tenants.services.tokens import DEFAULT_DAYS, issue_token


class Command(BaseCommand):
    """Print a new token once, alone on the last line, so that a script can take it with `tail -n 1`."""

    help = "Issue an API token for a person or a service account. Scopes: " + ", ".join(SCOPES)

    def add_arguments(self, parser: CommandParser) -> None:
        """EMAIL and what narrows the token."""
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--scope", action="extend", nargs="+", required=True, help="Several, or separated by commas."
        )
        parser.add_argument("--authority", metavar="IPA", default="", help="Only for this authority.")
        parser.add_argument("--days", type=int, default=DEFAULT_DAYS)
        parser.add_argument("--name", default="", help="What the token is for.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Issue it in the person's name; the trail says that it was done from the shell."""
        user = User.objects.filter(email=options["email"].strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active account with the address {options['email']}.")
        scopes = [scope for given in options["scope"] for scope in given.split(",") if scope]
        try:
            issued = issue_token(
                user=user,
                scopes=scopes,
                by=Actor(user=user, on_behalf_of="shell"),
                name=options["name"],
                authority=_authority(options["authority"]),
                days=options["days"],
            )
        except DomainError as refusal:
            raise CommandError(_sentences(refusal)) from refusal
        self.stdout.write(f"{user.email}: {', '.join(scopes)}; until {issued.token.expires_at:%Y-%m-%d}.")
        self.stdout.write(issued.secret)


def _authority(ipa_code: str) -> LocalAuthority | None:
    if not ipa_code:
        return None
    authority = find_authority(ipa_code=ipa_code)
    if authority is None:
        raise CommandError(f"There is no authority with the Indice PA code {ipa_code}.")
    return authority


def _sentences(refusal: DomainError) -> str:
    fields = [f"{name}: {' '.join(map(str, texts))}" for name, texts in refusal.errors.items()]
    return " ".join([str(refusal.detail), *fields])
