"""Pages as each persona gets them, in Italian, with the acts of the flow as one-line steps."""

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from elaastic.models import Request, Subscription
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.personas import PASSWORD, World, sign_in

TYPED = {
    "rows": "1",
    "quota_gib": "100",
    "retention_days": "30",
    "immutability": "none",
    "copies": "3",
    "archive-0-name": "protocollo",
    "archive-0-interval": "24",
}


@dataclass
class Pages:
    """`world`'s people with their sessions."""

    world: World
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, who: str) -> Client:
        if who not in self.clients:
            client = Client(raise_request_exception=False)
            persona = self.world[who]
            if persona.user is not None:
                sign_in(client, persona.user)
            self.clients[who] = client
        return self.clients[who]

    def get(self, who: str, path: str, **query: str) -> Any:
        return self.client(who).get(path, query)

    def post(self, who: str, path: str, body: dict[str, str] | None = None) -> Any:
        return self.client(who).post(path, body or {})

    def proves_identity(self, who: str) -> None:
        """By typing the password again, as the page asks."""
        answer = self.post(who, "/accounts/reauthenticate/", {"password": PASSWORD, "next": "/"})
        assert answer.status_code == 302, who

    def asks(self, who: str = "owner", **typed: str) -> Any:
        """The answer to the last click of the form."""
        home = {"stranger": self.world.other}.get(who, self.world.home)
        body = {**TYPED, "authority": str(home.public_id), "step": "send", **typed}
        return self.post(who, "/subscriptions/new/", body)

    def asked(self, who: str = "owner", **typed: str) -> Request:
        """A request with its plan made."""
        answer = self.asks(who, **typed)
        assert answer.status_code == 302, answer.content.decode()
        workers_make_plans()
        return Request.objects.latest("pk")

    def approves(self, request: Request, who: str = "approver", digest: str | None = None) -> Any:
        request.refresh_from_db()
        body = {"plan_digest": request.plan_digest if digest is None else digest, "note": "Bene."}
        return self.post(who, f"/requests/{request.public_id}/approve/", body)

    def active(self, who: str = "owner") -> Subscription:
        """A subscription that stands."""
        request = self.asked(who)
        assert self.approves(request).status_code == 302
        workers_bring_everything_up()
        return Subscription.objects.get(pk=request.subscription_id)


def words(answer: Any) -> str:
    """The page's text, for looking for a sentence; entities as characters."""
    import html

    return html.unescape(answer.content.decode())
