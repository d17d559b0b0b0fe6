"""Provisioning alone, on an in-memory database: what the simulation needs when it is started from the shell."""

import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

SECRET_KEY = "the simulation signs nothing"
INSTALLED_APPS = ["provisioning"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
REGION_FILE = None
PRODUCTION = False

_folder = tempfile.TemporaryDirectory(prefix="mcloud-simulation-")
VAULT_KEYS_FILE = Path(_folder.name) / "vault.keys"
VAULT_KEYS_FILE.write_text(Fernet.generate_key().decode(), encoding="utf-8")
