"""What a portal in production mode says of itself, asked in a process of its own: settings are read once."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOST = "elaastic.example"
_ASK = """
import json, django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
client = Client(raise_request_exception=False)
def told(answer):
    cookies = {name: {k: v for k, v in c.items() if v} for name, c in answer.cookies.items()}
    return {"status": answer.status_code, "headers": dict(answer.headers), "cookies": cookies}
over = {"headers": {"host": "elaastic.example"}}
print(json.dumps({
    "plain": told(client.get("/privacy", **over)),
    "login": told(client.get("/accounts/login/", secure=True, **over)),
    "api": told(client.get("/rest/elaastic/v1/levels/", secure=True, **over)),
    "strange_host": told(client.get("/privacy", secure=True, headers={"host": "evil.example"})),
    "health": told(client.get("/healthz", **over)),
    "session": {
        "secure": settings.SESSION_COOKIE_SECURE, "name": settings.SESSION_COOKIE_NAME,
        "http_only": settings.SESSION_COOKIE_HTTPONLY, "same_site": settings.SESSION_COOKIE_SAMESITE,
        "age_s": settings.SESSION_COOKIE_AGE, "debug": settings.DEBUG,
    },
    "repr": repr(settings.ENV),
}))
"""


@cache
def production() -> dict[str, Any]:
    """Answers and settings, by name. One process serves all tests of a file."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            "secret": "x7" * 40 + "Qw9_-zLkPbVd",
            "keys": "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE=",
            "region": "installation: mcloud\nsites: []\nplatforms: []\n",
        }
        for file, text in files.items():
            (folder / file).write_text(text)
        env = {
            **os.environ,
            "MCLOUD_MODE": "production",
            "MCLOUD_DATA_DIR": name,
            "MCLOUD_SECRET_KEY_FILE": str(folder / "secret"),
            "MCLOUD_VAULT_KEYS_FILE": str(folder / "keys"),
            "MCLOUD_REGION_FILE": str(folder / "region"),
            "MCLOUD_ALLOWED_HOSTS": HOST,
            "MCLOUD_BASE_URL": f"https://{HOST}",
            "MCLOUD_BROKER_URL": "redis://:canary-broker@127.0.0.1:1/0",
            "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings",
        }
        done = subprocess.run(
            [sys.executable, "-c", _ASK], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
