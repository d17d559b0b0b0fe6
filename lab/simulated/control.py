"""The harness's hand on the region: faults, latency, lag, snapshots, sites, things taken away behind our back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict

from lab.simulated import buckets, versions
from lab.simulated.errors import Refused
from lab.simulated.faults import Fault, Plan
from lab.simulated.store import Store
from lab.simulated.web import Answer, Request

Given = Mapping[str, object]


class Control:
    """Used in process by its methods, over HTTP as `POST /control/<method>` with the arguments as a JSON object."""

    def __init__(self, store: Store, plan: Plan, furnish: Callable[[], None]) -> None:
        self._store = store
        self._plan = plan
        self._furnish = furnish
        self._behind: Store | None = None
        self._behind_calls = 0

    def answer(self, request: Request) -> Answer:
        """GET reads, POST does; 400 with a sentence for what is wrong."""
        name = request.path.removeprefix("/control").strip("/")
        try:
            if request.method == "GET":
                return _shown(self._read(name, request))
            given = json.loads(request.stream.read(request.length) or b"{}")
            return _shown(self._done(name, given))
        except (KeyError, TypeError, ValueError, Refused) as error:
            return _shown({"error": f"{type(error).__name__}: {error}"}, 400)

    def _read(self, name: str, request: Request) -> object:
        if name == "calls":
            since = int(request.query.get("since", "0"))
            return [record for record in self.calls() if int(str(record["number"])) > since]
        return {
            "faults": [fault.shown() for fault in self._plan.faults],
            "latency_ms": self._plan.latency_ms,
            "calls": len(self._plan.log),
            "sites_down": sorted(filter(None, self._store.setting("sites_down").split(","))),
        }

    def _done(self, name: str, given: Given) -> object:
        acts: dict[str, Callable[[], object]] = {
            "fault": lambda: self.fault(**given),
            "clear": self.clear,
            "latency": lambda: self.latency(int(str(given["ms"]))),
            "lag": lambda: self.lag(int(str(given["calls"]))),
            "take": lambda: self.take(**{key: str(value) for key, value in given.items()}),
            "site": lambda: self.site(str(given["code"]), up=given["state"] == "up"),
            "save": lambda: self._store.save(str(given["name"])),
            "restore": lambda: self.restore(str(given["name"])),
            "reset": self.reset,
            "moment": lambda: self.moment(float(str(given["seconds"]))),
        }
        if name not in acts:
            raise ValueError(f"there is no control called {name!r}; there are {', '.join(acts)}")
        acts[name]()
        return {"ok": True}

    def calls(self) -> list[dict[str, object]]:
        """The log since the last reset, in order."""
        return [asdict(record) for record in self._plan.log]

    def fault(self, **given: object) -> None:
        """Add one fault; the fields of `Fault`."""
        self._plan.faults.append(Fault.read(given))

    def clear(self) -> None:
        """No faults, no latency, an empty log; the next call is number 1. The state stays."""
        self._plan.reset()
        self._behind = None

    def latency(self, ms: int) -> None:
        """Every call takes at least this long."""
        self._plan.latency_ms = ms

    def lag(self, calls: int) -> None:
        """The next `calls` listings show the region as it is now, whatever is written meanwhile."""
        self._behind, self._behind_calls = self._store.frozen(), calls

    def listing_store(self) -> Store:
        """What a listing is to look at."""
        if self._behind is None or self._behind_calls <= 0:
            return self._store
        self._behind_calls -= 1
        return self._behind

    def take(
        self,
        user: str = "",
        access_key: str = "",
        bucket: str = "",
        key: str = "",
        version: str = "",
        setting: str = "",
    ) -> None:
        """Remove a user, a key, a bucket with all in it, one version, or one setting of a bucket (`policy`, …)."""
        with self._store.transaction():
            if user:
                self._store.run("DELETE FROM keys WHERE uid = ?", user)
                self._store.run("DELETE FROM users WHERE uid = ?", user)
            if access_key:
                self._store.run("DELETE FROM keys WHERE access_key = ?", access_key)
            if bucket:
                self._take_from(bucket, key, version, setting)

    def _take_from(self, name: str, key: str, version: str, setting: str) -> None:
        tenant, slash, short = name.partition("/")
        bucket = buckets.get_bucket(self._store, *((tenant, short) if slash else ("", name)))
        if setting:
            buckets.set_setting(self._store, bucket, setting, None)
            return
        if not key:
            buckets.purge_bucket(self._store, bucket)
            return
        found = versions.find(self._store, bucket, key, version)
        if found is None:
            raise Refused("NoSuchKey")
        versions.remove(self._store, bucket, found)

    def site(self, code: str, *, up: bool) -> None:
        """Lose a data centre, or get it back."""
        down = set(filter(None, self._store.setting("sites_down").split(",")))
        down = down - {code} if up else down | {code}
        self._store.set_setting("sites_down", ",".join(sorted(down)))

    def moment(self, seconds: float) -> None:
        """How long OpenStack's moments last: an import, a machine that is built."""
        self._store.set_setting("moment_s", str(seconds))

    def save(self, name: str) -> None:
        self._store.save(name)

    def restore(self, name: str) -> None:
        """State back to a snapshot, plan and log cleared: how a fault case begins."""
        self._store.restore(name)
        self.clear()

    def reset(self) -> None:
        """An empty region with nothing but the portal's own user."""
        self._store.clear()
        self._furnish()
        self.clear()


def _shown(content: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json"})
