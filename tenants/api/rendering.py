"""JSON by orjson: ten times as fast as the standard library's, which is felt on lists of a hundred."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder


class JsonRenderer(BaseRenderer):
    """UTF-8, compact. What orjson does not know (lazy translations, decimals) is written as DRF writes it."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """Nothing for no data: an empty body has no type."""
        return b"" if data is None else orjson.dumps(data, default=JSONEncoder().default)
