"""The app, and its checks at start."""

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """Registers models and system checks; imports no cloud SDK."""

    name = "provisioning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Checks run at `manage.py check` and at every start of web and worker."""
        from provisioning import checks  # noqa: F401  (registers itself)
