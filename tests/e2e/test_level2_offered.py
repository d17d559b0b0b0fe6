"""`make up` offers level 2: asked for by API, a town's place stands on the simulated OpenStack, away from home."""

import json
import subprocess
import sys
import urllib.request
from typing import Any, cast

import openstack
import pytest
import yaml

from lab.deadline import wait_until
from tests.e2e.portal import ROOT, running_portal

FOLDER = "portal-e2e-level2"
# Assumption: two cores that others use too; idle, a second is enough.
WORK_S = 120
# A whole portal of its own is too much for `make check`.
pytestmark = [pytest.mark.real, pytest.mark.xdist_group("portal-level2")]
MACHINE = {"name": "web", "nature": "stateless", "vcpus": 2, "ram_mib": 2048, "disk_gib": 20}
TERMS = {
    "quota_gib": 200,
    "archives": [{"name": name, "expected_interval_hours": 24} for name in ("backup", "images")],
    "images_in": "images",
    "retention_days": 30,
    "copies": 3,
    "machines": [{**MACHINE, "expected_interval_hours": 24}],
}


def test_a_town_s_place_stands_on_another_site_than_the_one_next_door() -> None:
    with running_portal(FOLDER) as portal:
        town, approver = Api(portal, "tecnico@comune.example"), Api(portal, "approver@region.example")
        offered = {level["number"]: level["available"] for level in town.get("/levels/")["items"]}
        assert offered == {1: True, 2: True, 3: False, 4: False}
        authority = town.get("/authorities/")["items"][0]["id"]
        asked = town.post("/subscriptions/", {"authority": authority, "level": 2, "terms": TERMS})
        request = f"/requests/{asked['request']}"
        wait_until(
            "the plan",
            lambda: town.get(f"{request}/")["state"] == "awaiting_decision",
            timeout_s=WORK_S,
            every_s=0.3,
        )
        plan = approver.get(f"{request}/plan/")
        approver.post(f"{request}/approve/", {"plan_digest": plan["digest"], "note": ""})
        ours = f"/subscriptions/{asked['id']}/"
        wait_until("its place", lambda: town.get(ours)["state"] == "active", timeout_s=WORK_S, every_s=0.3)

        reserved = {one["site"] for one in plan["capacity"] if one["platform"] == "openstack-marche"}
        home = min(
            ("an", "pu", "mc"), key=lambda site: _distance(site, town.get(f"/authorities/{authority}/")["seat"])
        )
        assert len(reserved) == 1 and home not in reserved
        cloud = _cloud()
        (project,) = [one for one in cloud.identity.projects() if one.name.startswith("mcloud.")]
        quotas = cloud.compute.get_quota_set(project.id)
        assert (quotas.instances, quotas.cores, quotas.ram) == (1, 2, 2048)
        assert [one.name for one in cloud.network.networks(project_id=project.id)]


def _distance(site: str, seat: dict[str, float]) -> float:
    """In degrees; the sites are near enough."""
    document = yaml.safe_load((ROOT / ".run" / FOLDER / "region" / "simulated" / "region.yaml").read_text())
    there = next(one for one in document["sites"] if one["code"] == site)
    return abs(complex(there["lat"] - seat["lat"], there["lon"] - seat["lon"]))


def _cloud() -> Any:
    """As the region's operator sees it."""
    folder = ROOT / ".run" / FOLDER / "region" / "simulated"
    login = yaml.safe_load((folder / "openstack-credentials.yaml").read_text())
    (platform,) = [
        one
        for one in yaml.safe_load((folder / "region.yaml").read_text())["platforms"]
        if one["provider"] == "openstack"
    ]
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_url=platform["endpoints"]["api"],
        username=login["username"],
        password=login["password"],
        project_name=login["project"],
        user_domain_name="Default",
        project_domain_name="Default",
        region_name="marche",
    )


class Api:
    """The portal's, for one person by a token of his."""

    def __init__(self, portal: str, email: str) -> None:
        self._base = f"{portal}/rest/elaastic/v1"
        scopes = "authorities:read,subscriptions:read,subscriptions:write,requests:decide,capacity:read"
        command = [sys.executable, "-m", "lab.portal", "manage", "--folder", FOLDER, "--", "issue_token", email]
        done = subprocess.run([*command, "--scope", scopes], cwd=ROOT, check=True, capture_output=True, text=True)
        self._token = done.stdout.splitlines()[-1]

    def get(self, path: str) -> dict[str, Any]:
        return self._call(path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call(path, json.dumps(body).encode())

    def _call(self, path: str, data: bytes | None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._base}{path}", data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return cast(dict[str, Any], json.loads(answer.read()))
