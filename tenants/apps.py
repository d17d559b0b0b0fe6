"""The Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Local authorities and the people who act for them, and for the region."""

    name = "tenants"
    verbose_name = _("Local authorities")

    def ready(self) -> None:
        """Receivers and checks register themselves."""
        from django.core.checks import Tags, register

        from tenants import receivers  # noqa: F401
        from tenants.checks import second_factor_is_demanded

        register(second_factor_is_demanded, Tags.security, deploy=True)
