"""What the gateway answers rclone at a login, from a storage that says what it is told to say."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import hostkey, login, serving
from gateway.health import healthy
from gateway.login import Refused, Storage
from provisioning.kinds.ceph import GATEWAYS

DOOR = b"""<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>
<Tag><Key>mcloud</Key><Value>i.s.door</Value></Tag><Tag><Key>archive/backup</Key><Value></Value></Tag>
<Tag><Key>archive/atti</Key><Value></Value></Tag></TagSet></Tagging>"""


def answering(monkeypatch: pytest.MonkeyPatch, *, restores: bool, door: bytes = DOOR) -> Storage:
    def read(self: Storage, user: str, password: str, path: str) -> bytes:
        if "versions" in path and not restores:
            raise Refused("AccessDenied")
        return door if "tagging" in path else b""

    monkeypatch.setattr(Storage, "read", read)
    return Storage("http://s3.example", "marche", GATEWAYS["sftp"])


def shown(storage: Storage, password: str = "secret") -> dict[str, str]:
    """Folder -> the remote behind it, as rclone's own reader of such lists sees them."""
    upstreams = login.remote(storage, "AK", password)["upstreams"]
    (fields,) = csv.reader([upstreams], delimiter=" ")
    return dict(field.split("=", 1) for field in fields)


def test_the_writer_sees_a_folder_an_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(shown(answering(monkeypatch, restores=False))) == ["atti", "backup"]


def test_who_restores_sees_each_with_its_versions_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shown(answering(monkeypatch, restores=True))
    assert list(found) == ["atti", "backup", "atti.versions", "backup.versions"]
    assert "versions='true'" in found["backup.versions"]
    assert "versions" not in found["backup"]


def test_a_password_cannot_say_anything_but_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    password = "a',endpoint='http://elsewhere:1',x='\" b=:local:/"
    found = shown(answering(monkeypatch, restores=False), password)
    assert list(found) == ["atti", "backup"]
    assert f"secret_access_key='{password.replace(chr(39), chr(39) * 2)}'," in found["backup"]


def test_a_door_without_archives_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="no archive"):
        login.remote(answering(monkeypatch, restores=False, door=b"<Tagging/>"), "AK", "secret")


def test_a_key_of_a_person_s_own_is_refused_and_nothing_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATEWAY_ENDPOINT", "GATEWAY_REGION", "GATEWAY_USER_AGENT"):
        monkeypatch.setenv(name, "x")
    answer = io.StringIO()
    assert login.main(io.StringIO(json.dumps({"user": "AK", "public_key": "ssh-rsa x"})), answer) == 1
    assert answer.getvalue() == ""


def test_a_storage_that_is_away_is_a_refusal_and_no_crash(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Refused, match="does not answer"):
        Storage("http://127.0.0.1:1", "marche", "x").read("AK", "secret", "elaastic.door?tagging=")


def test_nothing_of_the_machine_s_environment_reaches_rclone() -> None:
    given = {"AWS_CA_BUNDLE": "x", "RCLONE_VFS_CACHE_MODE": "full", "PATH": "/usr/bin", "GATEWAY_REGION": "marche"}
    assert serving.environment("webdav", given) == {
        "PATH": "/usr/bin",
        "GATEWAY_REGION": "marche",
        "GATEWAY_USER_AGENT": GATEWAYS["webdav"],
    }


def test_the_host_key_is_made_once_and_for_its_owner_s_eyes(tmp_path: Path) -> None:
    file = tmp_path / "host_key"
    public = hostkey.ensure(file)
    assert hostkey.ensure(file) == public
    assert file.stat().st_mode & 0o777 == 0o600
    said = subprocess.run(["ssh-keygen", "-y", "-f", str(file)], capture_output=True, text=True, check=True).stdout
    assert said.split()[:2] == public.split()


def test_what_does_not_answer_is_not_healthy() -> None:
    assert not healthy("sftp", "127.0.0.1:1")
    done = subprocess.run([sys.executable, "-m", "gateway", "healthy", "webdav", "127.0.0.1:1"], check=False)
    assert done.returncode == 1
