"""The web process asks no cloud: it does not even load what could."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLOUDS = ("openstack", "proxmoxer", "rados", "rbd", "boto3", "botocore", "rgwadmin")


def test_no_cloud_sdk_is_loaded_by_the_web_process() -> None:
    code = (
        "import mcloud_portal.wsgi, sys;"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "from django.test import Client;"
        "print([m for m in sys.argv[1].split(',') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, ",".join(CLOUDS)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"
