"""The calls that are recorded: every route of the simulated region, each in the situations that matter.

Played on the real gateway by `record.py` and on the simulated region by `test_recorded.py`; their order matters.
"""

import re
import secrets
from dataclasses import dataclass, field

from tests.lab.contract import calls_admin, calls_buckets, calls_locks, calls_multipart, calls_objects
from tests.lab.contract.place import Place
from tests.lab.contract.wire import Answer, Keys, send


@dataclass(frozen=True)
class Exchange:
    """One call and its answer; `label` is unique within its route and says what the situation is."""

    route: str
    label: str
    method: str
    path: str
    query: dict[str, str]
    answer: Answer


@dataclass
class Stage:
    """A tenant of its own with its users, and what was exchanged so far."""

    place: Place
    tenant: str
    other: str
    keys: dict[str, Keys] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)

    def uid(self, user: str) -> str:
        return f"{self.other if user == 'stranger' else self.tenant}${user}"

    def call(
        self,
        route: str,
        label: str,
        who: str,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send as `who` (`portal`, a user, or `nobody` for no signature) and keep the exchange."""
        keys = self.place.portal if who == "portal" else self.keys.get(who)
        answer = send(self.place.endpoint, keys, method, path, query, headers, body)
        self.exchanges.append(Exchange(route, label, method, path, dict(query or {}), answer))
        return answer

    def try_to_put(self, who: str, path: str, body: bytes) -> bool:
        """Whether a write is taken now; nothing of it is kept, here or there."""
        answer = send(self.place.endpoint, self.keys[who], "PUT", path, body=body)
        if answer.status == 200:
            version = {"versionId": answer.headers["x-amz-version-id"]}
            send(self.place.endpoint, self.keys["owner"], "DELETE", path, version)
        return answer.status == 200

    def found(self, answer: Answer, tag: str) -> str:
        """Text of the first XML element `tag` of an answer."""
        match = re.search(rf"<{tag}>([^<]*)</{tag}>", answer.body.decode())
        if match is None:
            raise AssertionError(f"no <{tag}> in {answer.status} {answer.body[:300]!r}")
        return match[1]


def play(place: Place) -> Stage:
    """All calls on a new tenant; what they made is removed again."""
    mark = secrets.token_hex(4)
    stage = Stage(place, f"rec{mark}", f"oth{mark}")
    for user in ("owner", "writer", "restore", "stranger", "spare"):
        stage.keys[user] = Keys(f"{mark}{user}".upper(), secrets.token_hex(20))
    try:
        for part in (calls_admin, calls_buckets, calls_objects, calls_multipart, calls_locks):
            part.play(stage)
        calls_admin.play_end(stage)
    finally:
        admin = place.admin()
        for uid in [name for name in admin.get_users() if name.startswith((f"{stage.tenant}$", f"{stage.other}$"))]:
            admin.remove_user(uid=uid, purge_data=True)
    return stage
