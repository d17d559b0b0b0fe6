"""The Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Local authorities and the people who act for them, and for the region."""

    name = "tenants"
    verbose_name = _("Local authorities")
