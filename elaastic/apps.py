"""The app."""

from django.apps import AppConfig


class ElaasticConfig(AppConfig):
    """Connects the one road back from provisioning."""

    name = "elaastic"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Receivers register themselves."""
        from elaastic import receivers  # noqa: F401
