"""Plays one act from a furnished town, each from the same state: the database goes back afterwards."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from elaastic.models import Request, Subscription
from provisioning.services import capacity
from tenants.models import Actor, LocalAuthority
from tests.elaastic.machines import let_machines_start
from tests.elaastic.prices import publish
from tests.elaastic.region import MemoryProvider
from tests.elaastic.views.pages import Pages, words
from tests.personas import World
from tests.scene.acts import SAID, Act
from tests.scene.addresses import Address, addresses
from tests.scene.town import Furnished, furnish

BY_NAME: dict[str, Address] = {str(address): address for address in addresses()}
_HALF = re.compile(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}")


@dataclass
class Stage:
    """`town` is the owner's; everybody has signed in, and has typed the password a moment ago."""

    pages: Pages
    town: Furnished
    region: MemoryProvider
    halves: tuple[str, str] = field(default=("", ""))

    def open(self) -> None:
        """Sessions outlast the acts."""
        for who, persona in self.pages.world.personas.items():
            if persona.user is not None and not persona.secret:
                self.pages.proves_identity(who)
        self.pages.client("anonymous").get("/")

    @contextlib.contextmanager
    def set_for(self, act: Act) -> Iterator[None]:
        """What must have happened first has; all of it and of the act is undone at the end, on the region too."""
        point = transaction.savepoint()
        cookies = {who: client.cookies.copy() for who, client in self.pages.clients.items()}
        made = {kind: dict(handler.made) for kind, handler in self.region.handlers.items()}
        pushed = list(self.region.pushed)
        mail.outbox.clear()
        try:
            act.first(self)
            yield
        finally:
            transaction.savepoint_rollback(point)
            self.region.pushed[:] = pushed
            for kind, objects in made.items():
                self.region.handlers[kind].made = objects
            for who, kept in cookies.items():
                self.pages.clients[who].cookies = kept

    def play(self, act: Act, body: Any = None, more: Mapping[str, str] | None = None) -> Any:
        """The answer; `body` stands for the act's own, `more` are fields beside those that belong there."""
        address, body, more = BY_NAME[act.address], act.body(self) if body is None else body, more or {}
        path = address.of(self.town, **{name: made(self) for name, made in act.names.items()})
        if not address.is_api:
            return self.pages.client(act.who).post(path, {**more, **body})
        body = [{**more, **row} for row in body] if isinstance(body, list) else {**more, **body}
        persona = self.pages.world[act.who]
        client = persona.client() if persona.secret else self.pages.client(act.who)
        return client.generic(act.method, path, json.dumps(body), content_type="application/json")

    def actor(self, who: str) -> Actor:
        return self.pages.world[who].actor

    def subscription(self) -> Subscription:
        return Subscription.objects.get(pk=self.town.subscription.pk)

    def request(self) -> Request:
        return Request.objects.get(pk=self.town.request.pk)

    def authority(self) -> LocalAuthority:
        return LocalAuthority.objects.get(pk=self.town.authority.pk)

    def both_halves(self) -> tuple[str, str]:
        """Two operators let somebody in."""
        path = f"/authorities/{self.town.authority.public_id}/ways-in/new/"
        body = {"kind": "emergency", "person_name": "Sindaca Salva", "identified": SAID}
        first = self.pages.post("operator", path, body)
        id = first.context["row"].public_id
        second = self.pages.post("nobody", f"/ways-in/{id}/", {"identified": SAID})
        return _half(first), _half(second)

    def pec_code(self) -> str:
        """The code of the registration's mail."""
        found = [_HALF.search(str(m.body)) for m in mail.outbox if self.town.registration.pec in m.to]
        return next(match[0] for match in found if match)

    def take_up_the_link(self, who: str, address: str) -> None:
        """The invited one opens the mail's link."""
        from tenants.services import mailing

        mailing.tick()
        sent = next(str(m.body) for m in mail.outbox if address in m.to)
        link = re.search(r"/invitation/\S+", sent)
        assert link is not None
        self.pages.get(who, link[0])


def _half(answer: Any) -> str:
    found = _HALF.search(words(answer).split('id="half"')[1])
    assert found is not None
    return found[0]


@pytest.fixture
def stage(world: World, region: MemoryProvider, settings: Any, tmp_path: Path) -> Stage:
    """The home town, furnished, in a region where machines start."""
    settings.REGION_FILE = let_machines_start(tmp_path)
    settings.API_CALLS_PER_MINUTE_CALLER = settings.API_CALLS_PER_MINUTE_ANONYMOUS = 1_000_000
    publish(world)
    capacity.load_totals()
    town = furnish(world, owner="owner", authority=world.home, canary="canarino", serial=200)
    made = Stage(Pages(world), town, region)
    made.open()
    return made
