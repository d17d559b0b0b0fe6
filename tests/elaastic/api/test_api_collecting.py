"""What an active subscription hands over: resources, timeline, credentials, files for clients."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from elaastic.selectors.configs import SECRET_HERE
from tests.elaastic.flow import TERMS, Flow
from tests.elaastic.region import ENDPOINT, FINGERPRINT, HOST_KEY, WAYS


@pytest.fixture
def active(flow: Flow) -> str:
    """The path of a subscription that stands."""
    return f"/subscriptions/{flow.active()['id']}"


def test_the_secret_is_shown_once_and_its_replay_is_refused(flow: Flow, active: str) -> None:
    path = f"{active}/credentials/writer/reveal/"
    shown = flow.post("owner", path, **{"Idempotency-Key": "reveal-1"})
    body = shown.json()
    assert shown.status_code == 200
    assert set(body) == {
        "name",
        "kind",
        "endpoint",
        "region",
        "access_key",
        "secret_key",
        "buckets",
        "other_protocols",
    }
    assert body["other_protocols"] == []
    assert (body["name"], body["kind"], body["endpoint"], body["region"]) == ("writer", "s3", ENDPOINT, "marche")
    assert body["buckets"] == ["backup"]
    assert len(body["secret_key"]) == 40
    assert shown["Cache-Control"] == "no-store"
    for key in ("reveal-1", "reveal-2"):
        again = flow.post("owner", path, **{"Idempotency-Key": key})
        assert (again.status_code, again.json()["code"]) == (409, "already_revealed")
        assert body["secret_key"] not in again.content.decode()


def test_every_protocol_says_how_it_is_reached_with_the_same_secret(flow: Flow) -> None:
    path = f"/subscriptions/{flow.active(protocols=['s3', 'webdav', 'sftp', 'swift'])['id']}"
    body = flow.post("owner", f"{path}/credentials/restore/reveal/").json()
    found = {way.pop("protocol"): way for way in body["other_protocols"]}
    assert {way["password"] for way in found.values()} == {body["secret_key"]}
    assert found["sftp"] == {
        "url": WAYS["sftp"],
        "user": body["access_key"],
        "password": body["secret_key"],
        "host": "files.example",
        "port": 2022,
        "host_key": HOST_KEY,
        "host_key_fingerprint": FINGERPRINT,
    }
    assert (found["webdav"]["url"], found["webdav"]["port"]) == (WAYS["webdav"], 443)
    assert found["swift"]["user"].endswith(f"$restore:{body['access_key']}")
    for tool in ("sftp", "rclone-sftp", "webdav", "swift"):
        made = flow.get("owner", f"{path}/client-config/", tool=tool, credential="restore")
        assert made.status_code == 200
        assert SECRET_HERE in made.content.decode()


def test_a_protocol_that_was_not_chosen_has_no_file(flow: Flow, active: str) -> None:
    for tool in ("sftp", "webdav", "swift"):
        refused = flow.get("owner", f"{active}/client-config/", tool=tool)
        assert refused.status_code == 400
        assert refused.json()["errors"] == {"tool": ["Scegli uno di rclone, restic, s3cmd, awscli."]}


def test_the_schema_names_the_protocols_that_the_region_speaks(flow: Flow, settings: Any, tmp_path: Path) -> None:
    def offered() -> list[str]:
        shape = flow.get("owner", "/levels/1/").json()
        return list(shape["terms_schema"]["properties"]["protocols"]["items"]["enum"])

    assert offered() == ["s3", "swift", "sftp", "webdav"]
    document = yaml.safe_load(settings.REGION_FILE.read_text())
    del document["platforms"][0]["endpoints"]["sftp"]
    settings.REGION_FILE = tmp_path / "another.yaml"
    settings.REGION_FILE.write_text(yaml.safe_dump(document))
    assert offered() == ["s3", "swift", "webdav"]
    refused = flow.ask(terms={**TERMS, "protocols": ["s3", "sftp"]})
    assert refused.status_code == 400
    assert refused.json()["errors"] == {"terms.protocols.1": ["Uno di questi: s3, swift, webdav."]}


def test_a_revealed_secret_is_in_no_row_of_the_database(flow: Flow, active: str) -> None:
    from django.core import serializers as dumps

    from provisioning.models import Event, Plan, Resource, Stack, StoredSecret
    from tenants.models import AuditEvent, IdempotencyRecord

    secret = flow.post("owner", f"{active}/credentials/restore/reveal/", **{"Idempotency-Key": "k"}).json()[
        "secret_key"
    ]
    for model in (Event, Plan, Resource, Stack, StoredSecret, AuditEvent, IdempotencyRecord):
        assert model.objects.exists(), f"no {model.__name__}: the search would prove nothing"
        assert secret not in dumps.serialize("json", model.objects.all()), model.__name__


def test_only_who_acts_for_the_authority_collects(flow: Flow, active: str) -> None:
    path = f"{active}/credentials/writer/reveal/"
    for name in ("viewer", "operator", "approver", "auditor", "administrator"):
        assert flow.post(name, path).status_code == 403, name
    assert flow.post("stranger", path).status_code == 404
    assert flow.get("owner", f"{active}/credentials/").json()["items"][1]["revealed"] is False
    assert flow.post("owner", path).status_code == 200


def test_credentials_are_listed_without_secrets(flow: Flow, active: str) -> None:
    items = flow.get("viewer", f"{active}/credentials/").json()["items"]
    assert [item["name"] for item in items] == ["restore", "writer"]
    assert all(item["ready"] and item["access_key"] and "secret_key" not in item for item in items)


def test_there_is_nothing_to_collect_before_the_work_is_done(flow: Flow) -> None:
    asked = flow.asked()
    path = f"/subscriptions/{asked['id']}"
    assert flow.post("owner", f"{path}/credentials/writer/reveal/").json()["code"] == "not_ready"
    assert flow.get("owner", f"{path}/client-config/", tool="rclone").json()["code"] == "not_ready"
    assert flow.post("owner", f"{path}/credentials/owner/reveal/").status_code == 404


@pytest.mark.parametrize("tool", ["rclone", "restic", "s3cmd", "awscli"])
@pytest.mark.parametrize("credential", ["writer", "restore"])
def test_a_file_for_a_client_waits_only_for_its_secret(flow: Flow, active: str, tool: str, credential: str) -> None:
    keys = {
        item["name"]: item["access_key"] for item in flow.get("owner", f"{active}/credentials/").json()["items"]
    }
    client = flow.world["owner"].client()
    answer = client.get(
        f"/rest/elaastic/v1{active}/client-config/",
        {"tool": tool, "credential": credential},
        headers={"Accept": "text/plain"},
    )
    text = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert keys[credential] in text
    assert text.count(SECRET_HERE) == 1
    assert "backup" in text
    assert text.endswith("\n")


def test_a_file_is_for_the_writer_unless_told_otherwise(flow: Flow, active: str) -> None:
    assert "[elaastic-writer]" in flow.get("owner", f"{active}/client-config/", tool="rclone").content.decode()


def test_an_unknown_tool_or_credential_is_named(flow: Flow, active: str) -> None:
    path = f"{active}/client-config/"
    assert "tool" in flow.get("owner", path).json()["errors"]
    assert "tool" in flow.get("owner", path, tool="../etc").json()["errors"]
    refused = flow.get("owner", path, tool="rclone", credential="owner")
    assert refused["Content-Type"] == "application/problem+json"
    assert "credential" in refused.json()["errors"]


def test_resources_and_timeline_tell_what_exists_and_what_happened(flow: Flow, active: str) -> None:
    found = flow.get("owner", f"{active}/resources/").json()["items"]
    assert {item["state"] for item in found} == {"ready"}
    assert {item["kind"] for item in found} == {"ceph.user", "ceph.key", "ceph.bucket"}
    story = flow.get("owner", f"{active}/events/").json()["items"]
    assert story[0]["reason"] == "PlanApproved"
    assert [item["id"] for item in story] == sorted(item["id"] for item in story)


def test_a_timeline_is_walked_forwards_and_back_without_loss(flow: Flow, active: str) -> None:
    whole = [item["id"] for item in flow.get("owner", f"{active}/events/").json()["items"]]
    page = flow.get("owner", f"{active}/events/", limit=3).json()
    walked, back = [], []
    while True:
        walked += [item["id"] for item in page["items"]]
        if "next" not in page:
            break
        page = flow.world["owner"].client().get(page["next"]).json()
    while "previous" in page:
        page = flow.world["owner"].client().get(page["previous"]).json()
        back = [item["id"] for item in page["items"]] + back
    assert walked == whole
    assert back == whole[: len(back)]
    assert back


def test_until_every_secret_is_collected_it_is_the_authoritys_move(flow: Flow, active: str) -> None:
    for name in ("writer", "restore"):
        for where in (flow.get("owner", f"{active}/"), flow.get("owner", "/subscriptions/")):
            body = where.json()
            told = body.get("items", [body])[0]["next_action"]
            assert (told["who"], told["code"]) == ("authority", "collect")
        flow.post("owner", f"{active}/credentials/{name}/reveal/")
    assert flow.get("owner", f"{active}/").json()["next_action"]["code"] == "none"
