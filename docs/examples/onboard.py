#!/usr/bin/env python3
"""Take in the authorities of a CSV and ask level 1 for each, by the REST API. Repeat it whenever you like.

    export ELAASTIC_TOKEN=…       # of the service account: authorities:read, authorities:write,
                                  # authorities:verify, subscriptions:read, subscriptions:write
    python onboard.py http://127.0.0.1:8000 comuni.csv --wait

Each row is one authority; `quota_gib` is the space it asks for. What is there already is left as it is, so that a
run that was interrupted anywhere is simply started again. Needs Python 3.11 and `requests`.
"""

import argparse
import csv
import os
import sys
import time
from pathlib import Path
from typing import Any

import requests

BASE = "/rest/elaastic/v1"
# Worth another try: too many calls, or a portal that is being restarted.
AGAIN = {429, 502, 503, 504}
# What every town asks for, but for its space; the JSON Schema of level 1 is at /levels/1/.
TERMS = {
    "archives": [{"name": "backup", "expected_interval_hours": 24}],
    "retention_days": 30,
    "copies": 3,
}
NUMBERS = {"seat_lat": float, "seat_lon": float, "seismic_zone": int, "population": int}


class Portal:
    """The few calls that are needed, each tried again while the portal is away or asks for patience."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address.rstrip("/") + BASE
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **words: Any) -> requests.Response:
        """The answer. Gives up after about five minutes without one."""
        for attempt in range(60):
            try:
                answer = self.session.request(method, self.address + path, timeout=60, **words)
            except requests.ConnectionError:
                answer = None
            if answer is not None and answer.status_code not in AGAIN:
                return answer
            patience = answer.headers.get("Retry-After") if answer is not None else None
            time.sleep(float(patience or min(5.0, 0.2 * 2**attempt)))
        sys.exit(f"{self.address} does not answer.")

    def post(self, path: str, key: str, body: Any) -> requests.Response:
        """The key makes it one effect however often it is sent."""
        return self.call("POST", path, json=body, headers={"Idempotency-Key": key})


def main() -> int:
    """One line a row; 1 when a row was refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("portal", help="for example https://portal.example")
    parser.add_argument("file", help="a CSV with the columns of docs/onboarding.md")
    parser.add_argument("--wait", action="store_true", help="until every subscription is active")
    options = parser.parse_args()
    portal = Portal(options.portal, os.environ["ELAASTIC_TOKEN"])
    with Path(options.file).open(newline="", encoding="utf-8-sig") as sheet:
        rows = list(csv.DictReader(sheet))
    waiting, refused = [], 0
    for row in rows:
        authority = register(portal, row)
        subscription = subscribe(portal, authority, row) if authority else None
        if subscription is None:
            refused += 1
            continue
        waiting.append(subscription)
        print(f"{row['ipa_code']}: authority {authority}, subscription {subscription}", flush=True)
    if options.wait:
        wait(portal, waiting)
    print(f"{len(waiting)} of {len(rows)} done, {refused} refused.")
    return 1 if refused else 0


def register(portal: Portal, row: dict[str, str]) -> str | None:
    """The authority's id: of the new one, or of the one that is there."""
    answer = portal.post("/authorities/", f"register {row['ipa_code']}", body_of(row))
    found = answer.json()
    if answer.status_code == 201:
        return str(found["id"])
    if found.get("code") == "authority_exists" and "authority" in found:
        return str(found["authority"])
    return refusal(row, found)


def subscribe(portal: Portal, authority: str, row: dict[str, str]) -> str | None:
    """The subscription's id: asked for now, or before."""
    body = {"authority": authority, "level": 1, "terms": {**TERMS, "quota_gib": int(row["quota_gib"])}}
    answer = portal.post("/subscriptions/", f"level 1 for {row['ipa_code']}", body)
    found = answer.json()
    if answer.status_code == 202:
        return str(found["id"])
    if found.get("code") == "subscription_exists" and found.get("subscription"):
        return str(found["subscription"])
    return refusal(row, found)


def refusal(row: dict[str, str], problem: dict[str, Any]) -> None:
    """Say it, and go on with the next row."""
    told = "; ".join(f"{field}: {' '.join(said)}" for field, said in problem.get("errors", {}).items())
    print(f"{row['ipa_code']}: refused: {told or problem.get('detail')}", file=sys.stderr, flush=True)


def body_of(row: dict[str, str]) -> dict[str, Any]:
    """The flat columns of the file, grouped as the API has them."""
    body: dict[str, Any] = {}
    for name, text in row.items():
        if not text or name == "quota_gib":
            continue
        value = NUMBERS.get(name, str)(text)
        group = next((g for g in ("seat", "security_contact") if name.startswith(f"{g}_")), None)
        if group:
            body.setdefault(group, {})[name.removeprefix(f"{group}_")] = value
        else:
            body[name] = value
    return body


def wait(portal: Portal, subscriptions: list[str]) -> None:
    """Until all are active. A question about one that is not is held by the portal until its state changes."""
    for subscription in subscriptions:
        path, held = f"/subscriptions/{subscription}/", {}
        while portal.call("GET", path, params=held).json().get("state") not in ("active", "rejected", "ended"):
            held = {"wait": 20}


if __name__ == "__main__":
    sys.exit(main())
