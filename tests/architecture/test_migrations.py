"""The migrations are what the models say, and `check` has nothing to complain about."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_no_model_change_lacks_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_a_production_portal_has_nothing_to_complain_about(tmp_path: Path) -> None:
    secret, keys = tmp_path / "secret", tmp_path / "keys"
    secret.write_text("x7" * 40 + "Qw9_-zLkPbVd")
    keys.write_text("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE=")
    region = tmp_path / "region.yaml"
    region.write_text("installation: mcloud\nsites: []\nplatforms: []\n")
    env = {
        **{
            name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"
        },  # the browser's
        "MCLOUD_MODE": "production",
        "MCLOUD_DATA_DIR": str(tmp_path),
        "MCLOUD_SECRET_KEY_FILE": str(secret),
        "MCLOUD_VAULT_KEYS_FILE": str(keys),
        "MCLOUD_REGION_FILE": str(region),
        "MCLOUD_BASE_URL": "https://elaastic.example",
        "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MCLOUD_SECRET_KEY_FILE", "/nowhere/secret", "MCLOUD_SECRET_KEY_FILE: /nowhere/secret cannot be read"),
        ("MCLOUD_DATABASE_URL", "mysql://x/y", "MCLOUD_DATABASE_URL: mysql:// is not a database"),
        ("MCLOUD_MODE", "holiday", "MCLOUD_MODE"),
        ("MCLOUD_DEBUG", "perhaps", "MCLOUD_DEBUG"),
        ("MCLOUD_REGION_FILE", "/nowhere/region.yaml", "MCLOUD_REGION_FILE: /nowhere/region.yaml cannot be read"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(tmp_path: Path, variable: str, value: str, said: str) -> None:
    env = {**os.environ, "MCLOUD_DATA_DIR": str(tmp_path), variable: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the file is empty"),
        ("installation: m\nsites: []\nplatforms: []\nfoo: 1\n", "line 4: region file: foo is not known"),
        ("installation: m\nsites:\n  - {code: an}\nplatforms: []\n", "line 3: sites[0]: name is missing"),
        (
            "installation: m\nsites: []\nplatforms:\n  - id: x\n    provider: vmware\n",
            "line 5: platforms[0]: provider 'vmware' is not one of",
        ),
        (
            "installation: regione-marche\nsites: []\nplatforms: []\n",
            "line 1: region file: installation has 1 to 8",
        ),
        ("installation: a/b\nsites: []\nplatforms: []\n", "line 1: region file: installation has 1 to 8"),
        ("a: [\n", "not YAML"),
    ],
)
def test_a_wrong_region_file_stops_the_start_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    region = tmp_path / "region.yaml"
    region.write_text(text)
    env = {**os.environ, "MCLOUD_DATA_DIR": str(tmp_path), "MCLOUD_REGION_FILE": str(region)}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert said in done.stderr
