"""Who is acting, by what right and from where: handed to every service as `by`."""

from dataclasses import dataclass, replace

from tenants.models.people import User


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or service account) in one request.

    `scopes` is None for a signed-in session and for the shell: then the roles alone decide. With a token
    the act needs the scope *and* the role. `authority_id` (a row id) narrows a token to one authority.
    `on_behalf_of` says in words for whom a supplier, an operator or the shell acts.
    """

    user: User
    scopes: frozenset[str] | None = None
    authority_id: int | None = None
    ip: str = ""
    on_behalf_of: str = ""
    token_prefix: str = ""

    def has_scope(self, scope: str) -> bool:
        """A session is not narrowed by scopes."""
        return self.scopes is None or scope in self.scopes

    def reaches(self, authority_id: int) -> bool:
        """Is this authority inside what the token was narrowed to?"""
        return self.authority_id is None or self.authority_id == authority_id

    def acting_for(self, whom: str) -> "Actor":
        """The same actor, with the trail saying for whom."""
        return replace(self, on_behalf_of=whom)
