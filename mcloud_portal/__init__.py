"""Wiring only: settings, addresses, workers. No rule of the product lives here."""

from mcloud_portal.celery import app as celery_app

__all__ = ["celery_app"]
