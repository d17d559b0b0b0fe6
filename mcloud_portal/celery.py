"""The Celery application, and the sweep that every worker process runs beside it.

The broker is a doorbell. Each worker process also looks at due rows every second by itself
(`sweeper.py`), so that a lost, frozen or flushed broker costs a second and never work.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mcloud_portal.settings")

TRANSPORT_ALIASES["filesystem"] = "mcloud_portal.ring_files:Transport"

app = Celery("mcloud_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tenants", "elaastic", "provisioning"])


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Celery configures logging of its own unless somebody answers this signal: ours hides SDK bodies."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_process_init.connect
def start_sweeper(**_: Any) -> None:
    """In every child of the pool, after the fork: threads and connections do not survive one."""
    from mcloud_portal.sweeper import start

    start()


@app.task(name="mcloud_portal.look")
def look() -> None:
    """What beat rings: one look at everything that is due."""
    from mcloud_portal.sweeper import run_once

    run_once()
