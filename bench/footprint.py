"""Start-up time and memory of web and worker, beside an empty Django project with the same libraries.

    python -m bench footprint [--runs N]

*Web*: import the WSGI application and answer /healthz once. *Worker*: import the Celery application, its tasks
and the sweep's ticks. *Empty*: the WSGI application of a project with Django's own apps and REST framework, which
imports the same third-party libraries as the portal's web process. Memory is the proportional set size (PSS) at
the end. Promises: web <= 120 MiB and <= 1.5 x empty, no cloud SDK loaded.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from lab.registry import ROOT

_END: Final = """
import re, time
pss = int(re.search(r'Pss: +(\\d+)', open('/proc/self/smaps_rollup').read()).group(1)) / 1024
print(f'{time.perf_counter() - began:.3f} {pss:.1f}')
"""
_WEB: Final = """
import time; began = time.perf_counter()
from mcloud_portal.wsgi import application
from django.test import Client
assert Client().get('/healthz', HTTP_HOST='127.0.0.1').status_code == 200
import sys
assert not {'openstack', 'boto3', 'botocore', 'rgwadmin', 'rados', 'proxmoxer'} & set(sys.modules)
"""
_WORKER: Final = """
import time; began = time.perf_counter()
import django; django.setup()
from mcloud_portal.celery import app; app.loader.import_default_modules()
from mcloud_portal import sweeper
[sweeper._load(path) for path in sweeper.TICKS]
import provisioning.providers.ceph.provider
"""
_EMPTY: Final = """
import time; began = time.perf_counter()
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
import sys
settings.configure(
    SECRET_KEY='x' * 60, ALLOWED_HOSTS=['*'], ROOT_URLCONF=__name__, USE_TZ=True, AUTH_USER_MODEL='auth.User',
    DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}},
    MIDDLEWARE=['allauth.account.middleware.AccountMiddleware', 'csp.middleware.CSPMiddleware',
                'whitenoise.middleware.WhiteNoiseMiddleware'],
    STATIC_URL='/static/', STATIC_ROOT='/nonexistent',
    INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions',
                    'django.contrib.messages', 'django.contrib.staticfiles', 'allauth', 'allauth.account',
                    'allauth.mfa', 'axes', 'csp', 'rules', 'rest_framework', 'drf_spectacular', 'django_htmx'],
)
urlpatterns = [path('healthz', lambda request: HttpResponse('ok'))]
django.setup()
import allauth.urls, rest_framework.views, drf_spectacular.views, celery, jsonschema, yaml, cryptography.fernet
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
from django.test import Client
assert Client().get('/healthz').status_code == 200
"""
PROGRAMS: Final = {"empty": _EMPTY, "web": _WEB, "worker": _WORKER}


def main(arguments: list[str]) -> int:
    """Print a row a program, and the ratio."""
    parser = argparse.ArgumentParser(prog="python -m bench footprint")
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args(arguments).runs
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"MCLOUD_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "mcloud_portal.settings"}
        for name, program in PROGRAMS.items():
            rows = [_run(program, env, Path(folder)) for _ in range(runs + 1)][1:]  # the first only warms the files
            found[name] = (statistics.median(r[0] for r in rows), statistics.median(r[1] for r in rows))
            print(f"{name:7} start {found[name][0]:.2f} s, {found[name][1]:.0f} MiB (medians of {runs})")
    start, memory = (found["web"][i] / found["empty"][i] for i in (0, 1))
    print(f"web / empty: start {start:.2f}, memory {memory:.2f}")
    return 0


def _run(program: str, env: dict[str, str], folder: Path) -> tuple[float, float]:
    source = folder / "program.py"
    source.write_text(program + _END)
    if "configure" in program:
        env = {k: v for k, v in env.items() if k != "DJANGO_SETTINGS_MODULE"}
    env = {**env, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(source)], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    seconds, memory = done.stdout.strip().splitlines()[-1].split()
    return float(seconds), float(memory)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
