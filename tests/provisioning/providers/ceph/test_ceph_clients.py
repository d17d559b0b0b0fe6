"""The tools that authorities have work with a writer that can destroy nothing, and restore brings data back."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from provisioning.domain.secrets import Secret
from provisioning.kinds.ceph import BucketSpec
from tests.provisioning.providers.ceph.town import Town

Keys = Mapping[str, Secret]


@pytest.fixture
def keys(town: Town) -> dict[str, Keys]:
    """By role, with the archive `backup` made."""
    made = {role: town.make_key(town.make_user(role, max_buckets=-1)) for role in ("writer", "restore")}
    owner = town.make_key(town.make_user("owner", max_buckets=1))
    roles = {role: f"{town.tenant}${role}" for role in ("owner", "writer", "restore", "probe")}
    spec = BucketSpec(
        bucket="backup",
        owner_key="k",
        placement_target="two-sites-an-mc",
        retention_days=3,
        immutability="governance",
        **roles,
    )
    target = town.target("archive", spec, ref_secrets={"owner_key": owner})
    town.provider.handlers["ceph.bucket"].create(target)
    return {**made, "owner": owner}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for n in range(5):
        (folder / f"delibera-{n}.txt").write_bytes(os.urandom(20_000))
    return folder


def _run(keys: Keys, *words: str, **environment: str) -> str:
    # AWS_CA_BUNDLE makes rclone 1.60 fail.
    mine = {k: v for k, v in os.environ.items() if k != "AWS_CA_BUNDLE"}
    mine |= {
        "AWS_ACCESS_KEY_ID": keys["access_key"].reveal(),
        "AWS_SECRET_ACCESS_KEY": keys["secret_key"].reveal(),
        **environment,
    }
    done = subprocess.run(words, env=mine, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _same(one: Path, other: Path) -> bool:
    return {f.name: f.read_bytes() for f in one.iterdir()} == {f.name: f.read_bytes() for f in other.iterdir()}


def test_restic_backs_up_forgets_and_restores(
    town: Town, keys: dict[str, Keys], files: Path, tmp_path: Path
) -> None:
    words = {
        "RESTIC_REPOSITORY": f"s3:{town.platform.endpoints['data']}/backup/restic",
        "RESTIC_PASSWORD": "a password",
        "RESTIC_CACHE_DIR": str(tmp_path / "cache"),
    }
    _run(keys["writer"], "restic", "init", **words)
    _run(keys["writer"], "restic", "backup", str(files), **words)
    (files / "delibera-0.txt").write_bytes(b"changed")
    _run(keys["writer"], "restic", "backup", str(files), **words)
    _run(keys["writer"], "restic", "forget", "--keep-last", "1", "--prune", **words)
    _run(keys["writer"], "restic", "check", **words)
    _run(keys["restore"], "restic", "--no-lock", "restore", "latest", "--target", str(tmp_path / "back"), **words)
    assert _same(files, tmp_path / "back" / files.relative_to("/"))


def test_rclone_syncs_deletes_and_restores_what_it_deleted(
    town: Town, keys: dict[str, Keys], files: Path, tmp_path: Path
) -> None:
    remote = f":s3,provider=Ceph,env_auth=true,endpoint='{town.platform.endpoints['data']}':backup/files"
    kept = tmp_path / "kept"
    shutil.copytree(files, kept)
    _run(keys["writer"], "rclone", "--s3-no-check-bucket", "sync", str(files), remote)
    for file in files.iterdir():
        file.unlink()
    (files / "ransom.txt").write_text("pay")
    _run(keys["writer"], "rclone", "--s3-no-check-bucket", "sync", str(files), remote)
    client = town.s3(dict(keys["restore"]))
    versions = client.list_object_versions(Bucket="backup")["Versions"]
    back = {}
    for one in (v for v in versions if "ransom" not in v["Key"]):
        got = client.get_object(Bucket="backup", Key=one["Key"], VersionId=one["VersionId"])
        back[Path(one["Key"]).name] = got["Body"].read()
    assert back == {file.name: file.read_bytes() for file in kept.iterdir()}


def test_s3cmd_and_the_aws_command_line_put_and_get(
    town: Town, keys: dict[str, Keys], files: Path, tmp_path: Path
) -> None:
    url = town.platform.endpoints["data"]
    host = url.removeprefix("http://")
    file = files / "delibera-1.txt"
    s3cmd = ("s3cmd", "--config=/dev/null", "--no-ssl", f"--host={host}", f"--host-bucket={host}")
    _run(keys["writer"], *s3cmd, "put", str(file), "s3://backup/one")
    _run(keys["restore"], *s3cmd, "get", "s3://backup/one", str(tmp_path / "one"))
    aws = ("aws", "--endpoint-url", url, "--region", "us-east-1", "s3")
    _run(keys["writer"], *aws, "cp", str(file), "s3://backup/two")
    _run(keys["restore"], *aws, "cp", "s3://backup/two", str(tmp_path / "two"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes() == file.read_bytes()
