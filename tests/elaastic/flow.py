"""The flow in one-line steps, for tests that are about what comes after."""

from dataclasses import dataclass
from typing import Any

from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.personas import API, World

TERMS = {
    "quota_gib": 100,
    "archives": [{"name": "backup", "expected_interval_hours": 24}],
    "retention_days": 30,
    "copies": 3,
}


@dataclass(frozen=True)
class Flow:
    """The acts that a test needs before the one that it is about."""

    world: World

    def get(self, who: str, path: str, **query: Any) -> Any:
        return self.world[who].client().get(f"{API}{path}", query)

    def post(self, who: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.world[who].client().post(f"{API}{path}", body or {}, format="json", headers=headers)

    def ask(self, who: str = "owner", **changed: Any) -> Any:
        """Ask for level 1; the answer."""
        home = {"owner": self.world.home, "stranger": self.world.other}.get(who, self.world.home)
        body = {"authority": str(home.public_id), "level": 1, "terms": TERMS, "external_ref": "prot. 12", **changed}
        return self.post(who, "/subscriptions/", body)

    def asked(self, who: str = "owner", **terms: Any) -> dict[str, Any]:
        """An ask that was taken, with its plan made."""
        answer = self.ask(who, terms={**TERMS, **terms})
        assert answer.status_code == 202, answer.json()
        workers_make_plans()
        return dict(answer.json())

    def approve(self, request_id: str, who: str = "approver") -> Any:
        digest = self.get(who, f"/requests/{request_id}/plan/").json()["digest"]
        return self.post(who, f"/requests/{request_id}/approve/", {"plan_digest": digest})

    def active(self, who: str = "owner", **terms: Any) -> dict[str, Any]:
        """A subscription that stands."""
        asked = self.asked(who, **terms)
        approved = self.approve(asked["request"])
        assert approved.status_code == 202, approved.json()
        workers_bring_everything_up()
        return dict(self.get(who, f"/subscriptions/{asked['id']}/").json())
