"""A portal on PostgreSQL and Redis, the example client, and an approver who says yes to whatever is planned."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import requests

from lab.portal import Portal
from lab.redis import Redis
from tests.e2e.portal import ROOT, free_port

CLIENT = ROOT / "docs" / "examples" / "onboard.py"
SHEET = ROOT / "docs" / "examples" / "comuni.csv"
CLERK = ("authorities:read", "authorities:write", "authorities:verify", "subscriptions:read", "subscriptions:write")


@contextlib.contextmanager
def served_portal(name: str, postgres: str, redis: Redis) -> Iterator[Portal]:
    """As `make up` starts it, with the servers of production."""
    words = {"MCLOUD_DATABASE_URL": f"{postgres.rpartition('/')[0]}/{name}", "MCLOUD_BROKER_URL": redis.url}
    before = dict(os.environ)
    _database(postgres, f"CREATE DATABASE {name}")
    portal = Portal("sim", free_port(), name)
    os.environ.update(words)
    try:
        portal.forget()
        portal.up()
        yield portal
    finally:
        portal.forget()
        os.environ.clear()
        os.environ.update(before)
        _database(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def _database(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


class Api:
    """The portal's API with one person's token."""

    def __init__(self, portal: Portal, email: str, *scopes: str) -> None:
        words = [word for scope in scopes for word in ("--scope", scope)]
        said = subprocess.run(
            [sys.executable, "manage.py", "issue_token", email, *words],
            cwd=ROOT, env=portal.environment(), check=True, capture_output=True, text=True,
        )  # fmt: skip
        self.token = said.stdout.split()[-1]
        self.base = f"http://127.0.0.1:{portal.port}/rest/elaastic/v1"

    def get(self, path: str, **query: Any) -> Any:
        """The decoded answer."""
        answer = requests.get(self.base + path, params=query, headers=self._head(), timeout=60)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        """The decoded answer."""
        answer = requests.post(self.base + path, json=body, headers=self._head(), timeout=60)
        answer.raise_for_status()
        return answer.json()

    def all(self, path: str, **query: Any) -> list[Any]:
        """Every page of a list."""
        found, page = [], self.get(path, limit=200, **query)
        while True:
            found += page["items"]
            if not page.get("next"):
                return found
            page = requests.get(page["next"], headers=self._head(), timeout=60).json()

    def _head(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@contextlib.contextmanager
def approving(api: Api) -> Iterator[None]:
    """Somebody decides on whatever has its plan, all together, as often as anything waits."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.5):
            with contextlib.suppress(requests.RequestException):
                _approve(api)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=60)


def _approve(api: Api) -> None:
    planned = api.get("/requests/", limit=100, state="awaiting_decision")["items"]
    wanted = [
        {"request": r["id"], "decision": "approved", "plan_digest": api.get(f"/requests/{r['id']}/plan/")["digest"]}
        for r in planned
    ]
    if wanted:
        api.post("/requests/decisions/", wanted)


def client(portal: Portal, token: str, sheet: Path, *options: str) -> "subprocess.Popen[str]":
    """The example client, at work."""
    environment = {**os.environ, "ELAASTIC_TOKEN": token, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, str(CLIENT), f"http://127.0.0.1:{portal.port}", str(sheet), *options],
        env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def killed_after(run: "subprocess.Popen[str]", rows: int) -> dict[str, str]:
    """Read so many rows, then SIGKILL. Which subscription each row was told to have."""
    told = {}
    assert run.stdout is not None
    for line in run.stdout:
        told.update(row_of(line))
        if len(told) >= rows:
            break
    run.kill()
    run.wait()
    return told


def row_of(line: str) -> dict[str, str]:
    """`{ipa_code: subscription}`, or nothing."""
    found = re.fullmatch(r"(\S+): authority \S+, subscription (\S+)\n?", line)
    return {found[1]: found[2]} if found else {}


_COUNT = """
from collections import Counter
from elaastic.models import Subscription
from provisioning.models import Resource
from provisioning.selectors.region import region
from provisioning.services.surroundings import provider
from tenants.models import LocalAuthority
import json
seen = Counter(str(s.marker) for p in region().platforms for s in provider(p.id).census())
rows = Resource.objects.exclude(state="gone")
print(json.dumps({
    "authorities": LocalAuthority.objects.filter(external_ref__startswith="row-").count(),
    "subscriptions": Subscription.objects.filter(authority__external_ref__startswith="row-").count(),
    "not ready": rows.exclude(state="ready").count(), "rows": rows.count(),
    "there": len(seen), "twice": [m for m, n in seen.items() if n > 1],
}))
"""


def counted(portal: Portal) -> dict[str, Any]:
    """What stands in the portal's rows, and what the region says that it holds."""
    said = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", _COUNT],
        cwd=ROOT, env=portal.environment(), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return dict(json.loads(said.stdout.splitlines()[-1]))
