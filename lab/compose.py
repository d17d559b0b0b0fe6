"""`python -m lab.compose`: build the containers, start them, play the flow once, stop.

Needs a Docker engine and docker-compose; base images by the names that the files use. The build may be given the
host's network (`MCLOUD_BUILD_NETWORK=host`) where containers have none of their own.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from gateway.hostkey import ensure
from lab.registry import ROOT

FOLDER = ROOT / ".run" / "compose"
PORT = int(os.environ.get("MCLOUD_WEB_PORT", "8088"))
API = f"http://127.0.0.1:{PORT}/rest/elaastic/v1"
FILES = ("-f", "docker-compose.yml", "-f", "docker-compose.smoke.yml", "-p", "mcloudsmoke")
READY_S = 180


def main() -> int:
    """0 when an object was written and read back, the broker carries, and every service is healthy."""
    _prepare()
    try:
        network = os.environ.get("MCLOUD_BUILD_NETWORK", "default")
        _run("docker", "build", "--quiet", "--network", network, "-t", "mcloud/portal:0.1.0", ".")
        _compose("up", "-d", "--no-build")
        _wait("the portal answers", _answers)
        _compose("exec", "-T", "web", "python", "manage.py", "seed_demo")
        _play()
        _wait("the broker carries a call to the worker and back", _bell_rings)
        _wait("every service is healthy", _all_healthy)
        print("compose-smoke: the flow was played; every service is healthy.")
    finally:
        print(_compose("ps", check=False))
        _compose("down", "-v", "--timeout", "5", check=False)
    return 0


def _prepare() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "secrets").mkdir(parents=True)
    (FOLDER / "region").mkdir()
    (FOLDER / "region").chmod(0o777)  # the containers' own user writes here
    password = secrets.token_urlsafe(24)
    from cryptography.fernet import Fernet

    contents = {
        "database_password": password,
        "database_url": f"postgres://portal:{password}@postgres:5432/portal",
        "secret_key": secrets.token_urlsafe(64),
        "vault_keys": Fernet.generate_key().decode(),
    }
    for name, value in contents.items():
        (FOLDER / "secrets" / name).write_text(value)
    host_key = FOLDER / "secrets" / "sftp_host_key"
    ensure(host_key)
    host_key.chmod(0o644)  # the containers' own user reads it
    os.environ.update(
        MCLOUD_SECRETS_DIR=str(FOLDER / "secrets"),
        MCLOUD_REGION_DIR=str(FOLDER / "region"),
        MCLOUD_WEB_PORT=str(PORT),
        MCLOUD_SFTP_ADDRESS="127.0.0.1:2088",
        MCLOUD_WEBDAV_PORT="8089",
        MCLOUD_DEMO="true",
    )


def _run(*argv: str, check: bool = True) -> str:
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise SystemExit(f"compose-smoke: {' '.join(argv[:4])} failed:\n{done.stdout[-2000:]}{done.stderr[-3000:]}")
    return done.stdout


def _compose(*argv: str, check: bool = True) -> str:
    return _run("docker-compose", *FILES, *argv, check=check)


def _wait(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_S
    while not holds():
        if time.monotonic() > deadline:
            print(_compose("logs", "--tail", "40", check=False))
            raise SystemExit(f"compose-smoke: not within {READY_S} s: {what}.")
        time.sleep(0.5)


def _answers() -> bool:
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}/healthz")
        return bool(urllib.request.urlopen(request, timeout=2).status == 200)
    except OSError:
        return False


def _all_healthy() -> bool:
    services = ("web", "worker", "beat", "sftp", "webdav", "postgres", "redis", "region")
    ids = _compose("ps", "-q", *services).split()
    states = [_run("docker", "inspect", "-f", "{{.State.Health.Status}}", id).strip() for id in ids]
    return len(states) == len(services) and all(state == "healthy" for state in states)


def _bell_rings() -> bool:
    """Asked apart, since the flow gets along without a broker: the worker looks by itself."""
    return "pong" in _compose("exec", "-T", "web", "celery", "-A", "mcloud_portal", "inspect", "ping", check=False)


def _token(email: str, *scopes: str) -> str:
    wanted = [word for scope in scopes for word in ("--scope", scope)]
    printed = _compose("exec", "-T", "web", "python", "manage.py", "issue_token", email, *wanted)
    return printed.strip().splitlines()[-1]


def _call(token: str, method: str, path: str, body: Any = None) -> Any:
    """As the reverse proxy would send it."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "X-Forwarded-Proto": "https",
        "Idempotency-Key": secrets.token_hex(8),
    }
    data = None if body is None else json.dumps(body).encode()
    url = path if path.startswith("http") else f"{API}{path}"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data, headers, method=method), timeout=40
        ) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"compose-smoke: {method} {path}: {error.code} {error.read().decode()[:500]}") from error


def _play() -> None:
    town = _token("tecnico@comune.example", "authorities:read", "subscriptions:read", "subscriptions:write")
    region = _token("approver@region.example", "subscriptions:read", "requests:decide", "authorities:read")
    authority = _call(town, "GET", "/authorities/")["items"][0]["id"]
    terms = {
        "quota_gib": 10,
        "archives": [{"name": "backup", "expected_interval_hours": 24}],
        "retention_days": 30,
        "copies": 3,
    }
    asked = _call(town, "POST", "/subscriptions/", {"authority": authority, "level": 1, "terms": terms})
    subscription, request = asked["id"], _request_id(asked)
    _wait("the plan", lambda: _call(region, "GET", f"/requests/{request}/")["state"] == "awaiting_decision")
    plan = _call(region, "GET", f"/requests/{request}/plan/")
    _call(region, "POST", f"/requests/{request}/approve/", {"plan_digest": plan["digest"], "note": "smoke"})
    _wait("active", lambda: _call(town, "GET", f"/subscriptions/{subscription}/")["state"] == "active")
    key = _call(town, "POST", f"/subscriptions/{subscription}/credentials/writer/reveal/", {})
    _compose("exec", "-T", "worker", "python", "-c", _COPY, json.dumps(key))
    print("compose-smoke: asked, planned, approved, active, revealed, one object written and read back.")


def _request_id(asked: Any) -> str:
    request = asked["request"]
    return str(request["id"] if isinstance(request, dict) else request).rstrip("/").rsplit("/", 1)[-1]


_COPY = """
import boto3, json, sys
key = json.loads(sys.argv[1])
s3 = boto3.client("s3", endpoint_url=key["endpoint"], region_name=key["region"],
                  aws_access_key_id=key["access_key"], aws_secret_access_key=key["secret_key"])
s3.put_object(Bucket=key["buckets"][0], Key="hello", Body=b"from a container")
assert s3.get_object(Bucket=key["buckets"][0], Key="hello")["Body"].read() == b"from a container"
"""

if __name__ == "__main__":
    sys.exit(main())
