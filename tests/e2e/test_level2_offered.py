"""`make up` offers level 2: asked for by API, a town's places stand on the simulated OpenStack and on the emulated
Proxmox, away from home; a machine starts there from what was uploaded, and nothing of it is left.
"""

import contextlib
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, cast

import boto3
import openstack
import pytest
import yaml
from botocore.config import Config

from lab.deadline import wait_until
from tests.e2e.portal import ROOT, running_portal
from tests.provisioning.operations import forge

FOLDER = "portal-e2e-level2"
# Assumption: two cores that others use too; idle, a second is enough.
WORK_S = 120
# A whole portal of its own is too much for `make check`.
pytestmark = [pytest.mark.real, pytest.mark.xdist_group("portal-level2")]
MACHINES = (
    {"name": "web", "nature": "stateless", "vcpus": 2, "ram_mib": 2048, "disk_gib": 20},
    {"name": "files", "nature": "stateful", "vcpus": 1, "ram_mib": 512, "disk_gib": 1},
)
TERMS = {
    "quota_gib": 200,
    "archives": [{"name": name, "expected_interval_hours": 24} for name in ("backup", "images")],
    "images_in": "images",
    "retention_days": 30,
    "copies": 3,
    "machines": [{**machine, "expected_interval_hours": 24} for machine in MACHINES],
}


def test_a_town_with_both_kinds_of_machines_has_its_places_and_tries_one() -> None:
    with running_portal(FOLDER) as portal:
        town, approver = Api(portal, "tecnico@comune.example"), Api(portal, "approver@region.example")
        offered = {level["number"]: level["available"] for level in town.get("/levels/")["items"]}
        assert offered == {1: True, 2: True, 3: False, 4: False}
        ours, plan = _subscribed(town, approver)
        _stand_away_from_home(plan, town.get("/authorities/")["items"][0]["seat"])
        cluster = json.loads((ROOT / ".run" / FOLDER / "region" / "proxmox" / "pve.json").read_text())["data"]
        assert [name.rpartition(".")[2] for name in cluster["pools"] if name.startswith("mcloud.")] == ["pool"]
        _upload(town.post(f"{ours}credentials/writer/reveal/", {}), "files/disk.raw")
        _manage("shell", "-c", "from elaastic.services import intake; intake.tick()")  # else within five minutes
        drill = _tried(town, ours, "files")
        assert (drill["state"], drill["reason"], drill["message"]) == ("passed", "", "")
        cluster = json.loads((ROOT / ".run" / FOLDER / "region" / "proxmox" / "pve.json").read_text())["data"]
        assert (cluster["vms"], cluster["volumes"], cluster["vnets"]) == ({}, {}, {})


def _subscribed(town: "Api", approver: "Api") -> tuple[str, dict[str, Any]]:
    """Its address once it stands, and the plan that was approved."""
    authority = town.get("/authorities/")["items"][0]["id"]
    asked = town.post("/subscriptions/", {"authority": authority, "level": 2, "terms": TERMS})
    request, ours = f"/requests/{asked['request']}", f"/subscriptions/{asked['id']}/"
    _wait("the plan", lambda: town.get(f"{request}/")["state"] == "awaiting_decision")
    plan = approver.get(f"{request}/plan/")
    approver.post(f"{request}/approve/", {"plan_digest": plan["digest"], "note": ""})
    _wait("its places", lambda: town.get(ours)["state"] == "active")
    return ours, plan


def _stand_away_from_home(plan: dict[str, Any], seat: dict[str, float]) -> None:
    home = min(("an", "pu", "mc"), key=lambda site: _distance(site, seat))
    reserved = {(one["platform"], one["site"]) for one in plan["capacity"] if one["platform"] != "ceph-marche"}
    assert {platform for platform, _site in reserved} == {"openstack-marche", "proxmox-marche"}
    (site,) = {site for _platform, site in reserved}
    assert site != home
    cloud = _cloud()
    (project,) = [one for one in cloud.identity.projects() if one.name.startswith("mcloud.")]
    quotas = cloud.compute.get_quota_set(project.id)
    assert (quotas.instances, quotas.cores, quotas.ram) == (1, 2, 2048)
    assert [one.name for one in cloud.network.networks(project_id=project.id)]


def _upload(key: dict[str, str], name: str) -> None:
    """A disk with a partition and a boot sector, and nothing in it."""
    client = boto3.client(
        "s3", endpoint_url=key["endpoint"], region_name="us-east-1", aws_access_key_id=key["access_key"],
        aws_secret_access_key=key["secret_key"], config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    client.put_object(Bucket="images", Key=name, Body=forge.raw(1))


def _tried(town: "Api", ours: str, machine: str) -> dict[str, Any]:
    """A drill of that machine alone, once its image is usable, when it has ended and everything is removed."""
    wanted = {"subscription": ours.split("/")[2], "machine": machine}
    begun: list[dict[str, Any]] = []

    def usable() -> bool:
        with contextlib.suppress(urllib.error.HTTPError):
            begun.append(town.post("/operations/drills/", wanted))
        return bool(begun)

    _wait("a usable image", usable)
    there = f"/operations/drills/{begun[0]['id']}/"
    _wait("the end of the drill", lambda: town.get(there)["ended_at"] is not None)
    return town.get(there)


def _wait(what: str, done: Callable[[], bool]) -> None:
    wait_until(what, done, timeout_s=WORK_S, every_s=0.3)


def _manage(*arguments: str) -> str:
    command = [sys.executable, "-m", "lab.portal", "manage", "--folder", FOLDER, "--", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


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
        self._token = _manage("issue_token", email, "--scope", scopes).splitlines()[-1]

    def get(self, path: str) -> dict[str, Any]:
        return self._call(path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call(path, json.dumps(body).encode())

    def _call(self, path: str, data: bytes | None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._base}{path}", data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return cast(dict[str, Any], json.loads(answer.read()))
