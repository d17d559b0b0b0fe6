"""How people come in: they are invited; nobody opens an account for oneself."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Answers allauth's questions about local accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """An account without an authority or a role is of no use to anybody but an attacker."""
        return False
