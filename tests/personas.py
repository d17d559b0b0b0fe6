"""The people of every test: created through the services that make real ones.

    from tests.personas import World, world      # in a conftest.py: the fixture `world`

`world.personas` holds, by name, everybody of the access matrix; `world.home` is the authority of the owner
and the viewer, `world.other` the stranger's, `world.pending` nobody's and not verified.
"""

import pickle
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import cast

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.models import SCOPES, Actor, ApiToken, LocalAuthority, RegionRoleName, User, UserKind
from tenants.models.codes import check_digit
from tenants.services.authorities import AuthorityDetails, register_authority, verify_authority
from tenants.services.people import (
    add_member,
    add_person,
    appoint_first_administrator,
    grant_region_role,
)
from tenants.services.tokens import actor_of_secret, issue_token
from tests.kept_rows import Rows, all_rows, put_back, rows_since

API = "/rest/elaastic/v1"
PASSWORD = "una frase lunga e sola"


@dataclass(frozen=True)
class Persona:
    """Somebody who calls: in a session when there is no `secret`, with a token otherwise."""

    name: str
    user: User | None = None
    secret: str = field(default="", repr=False)

    def client(self) -> APIClient:
        """A client that is this person; errors come back as answers, as they do in the world."""
        client = APIClient(raise_request_exception=False)
        if self.secret:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.secret}")
        elif self.user:
            sign_in(client, self.user)
        return client

    @property
    def actor(self) -> Actor:
        """What services are handed as `by`; roles are read afresh each time."""
        if self.secret:
            actor = actor_of_secret(self.secret)
            assert actor is not None, f"{self.name}'s token opens nothing"
            return actor
        assert self.user is not None, f"{self.name} is nobody"
        return Actor(user=User.objects.get(pk=self.user.pk), ip="127.0.0.1")

    def with_token(self, *scopes: str, authority: LocalAuthority | None = None) -> "Persona":
        """The same person behind a new token."""
        actor = replace(self.actor, scopes=None, authority_id=None)
        issued = issue_token(user=actor.user, scopes=scopes or SCOPES, by=actor, authority=authority)
        return replace(self, secret=issued.secret)


def sign_in(client: Client, user: User) -> None:
    """A session as the login pages leave it behind, second factor included."""
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    request = HttpRequest()
    request.session = session = client.session
    record_authentication(request, user, "mfa", type="totp")
    session.save()


@dataclass(frozen=True)
class World:
    """Three authorities and everybody who may come by."""

    home: LocalAuthority
    other: LocalAuthority
    pending: LocalAuthority
    personas: dict[str, Persona]

    def __getitem__(self, name: str) -> Persona:
        return self.personas[name]


REGION = {
    "operator": RegionRoleName.OPERATOR,
    "approver": RegionRoleName.APPROVER,
    "auditor": RegionRoleName.AUDITOR,
}
NAMES = (
    "anonymous", "owner", "viewer", "stranger", "nobody", "operator", "approver", "auditor", "administrator",
    "onboarding", "expired_token", "revoked_token", "scoped_token", "narrowed_token",
)  # fmt: skip


def details(serial: int, **changed: object) -> AuthorityDetails:
    """A valid body, another one for each serial."""
    first_ten = f"{8_000_000_000 + serial:010d}"
    body = AuthorityDetails(
        name=f"Comune di Prova {serial}",
        kind="comune",
        ipa_code=f"c_p{serial}",
        fiscal_code=first_ten + check_digit(first_ten),
        istat_code="042999",
        province="AN",
        pec=f"protocollo@pec.prova{serial}.example",
        seat_address="Piazza della Prova 1",
        seat_lat=43.6,
        seat_lon=13.5,
        seismic_zone=2,
        population=1000 + serial,
        external_ref=f"ext-{serial}",
        security_contact_name="Prima Persona",
        security_contact_phone="+39 071 123456",
        security_contact_email=f"sicurezza@prova{serial}.example",
    )
    return replace(body, **changed)


def make_world() -> World:
    """Everybody. Sessions unless their name says token; `onboarding` is a service account with a token."""
    first = User.objects.create_user("admin@region.example", full_name="Ada Amministratrice")
    _give_password(first)
    appoint_first_administrator(user=first)
    by = Actor(user=first)
    personas = {"anonymous": Persona("anonymous"), "administrator": Persona("administrator", first)}
    for name in ("owner", "viewer", "stranger", "nobody"):
        personas[name] = Persona(name, _person(f"{name}@comune.example", by))
    for name, role in REGION.items():
        personas[name] = Persona(name, _person(f"{name}@region.example", by))
        grant_region_role(user=personas[name].user, role=role, by=by)
    clerk = _person("onboarding@region.example", by, kind=UserKind.SERVICE)
    grant_region_role(user=clerk, role=RegionRoleName.OPERATOR, by=by)
    personas["onboarding"] = Persona("onboarding", clerk).with_token()

    operator = personas["operator"].actor
    home = register_authority(details=details(1), by=personas["owner"].actor)
    other = register_authority(details=details(2), by=personas["stranger"].actor)
    home = verify_authority(authority=home, by=operator)
    other = verify_authority(authority=other, by=operator)
    without_scope = replace(operator, scopes=frozenset({"authorities:write"}))
    pending = register_authority(details=details(3), by=without_scope)
    add_member(authority=home, user=personas["viewer"].user, role="viewer", by=personas["owner"].actor)
    return World(home, other, pending, personas | _tokens(personas["owner"], home))


@pytest.fixture
def world(db: None) -> World:
    """Everybody, in a test of one transaction. Made once in a run, and then put back as rows: a third of what a
    test of a page takes is this.
    """
    if connection.vendor != "sqlite":  # elsewhere rows put back leave the counters of their ids behind
        return make_world()
    if _kept:
        rows, packed = _kept[0]
        put_back(rows)
        return cast(World, pickle.loads(packed))  # packed by this process
    before = all_rows()
    made = make_world()
    _kept.append((rows_since(before), pickle.dumps(made)))
    return made


_kept: list[tuple[Rows, bytes]] = []


def _person(email: str, by: Actor, kind: str = UserKind.PERSON) -> User:
    user = add_person(email=email, full_name=email.partition("@")[0].title(), by=by, kind=kind)
    if kind == UserKind.PERSON:
        _give_password(user)
    return user


@cache
def _hashed_password() -> str:
    """Hashing is slow on purpose; once for all tests is enough."""
    return make_password(PASSWORD)


def _give_password(user: User) -> None:
    user.password = _hashed_password()
    user.save(update_fields=["password"])


def _tokens(owner: Persona, home: LocalAuthority) -> dict[str, Persona]:
    """Tokens of the owner: two that open nothing, one with one scope, one for one authority."""
    made = {
        "expired_token": owner.with_token(),
        "revoked_token": owner.with_token(),
        "scoped_token": owner.with_token("authorities:read"),
        "narrowed_token": owner.with_token(authority=home),
    }
    past = timezone.now() - timedelta(minutes=1)
    by_prefix = {name: ApiToken.objects.get(prefix=persona.secret[:10]) for name, persona in made.items()}
    ApiToken.objects.filter(pk=by_prefix["expired_token"].pk).update(expires_at=past)
    ApiToken.objects.filter(pk=by_prefix["revoked_token"].pk).update(revoked_at=past)
    return {name: replace(persona, name=name) for name, persona in made.items()}
