"""Checks at start: what is missing is named before the first request, not after."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register


@register()
def region_file_is_usable(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """The region file parses, and every credentials file that it names can be read."""
    from provisioning.selectors.region import region_problems

    return [Error(text, id="provisioning.E001") for text in region_problems()]
