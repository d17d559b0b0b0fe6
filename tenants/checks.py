"""What `manage.py check --deploy` has to say."""

from typing import Any

from django.core.checks import CheckMessage, Warning

from tenants.services.second_factor import is_required


def second_factor_is_demanded(**_options: Any) -> list[CheckMessage]:
    """W001 when people of the region may come in with a password alone."""
    if is_required():
        return []
    said = "MCLOUD_REGION_MFA=optional: the region's people sign in with a password alone. That is for demos."
    return [Warning(said, id="tenants.W001")]
