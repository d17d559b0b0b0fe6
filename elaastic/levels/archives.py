"""What was said of one archive, or else of all of them together. Pure."""

from collections.abc import Mapping
from typing import Any


def lock_of(terms: Mapping[str, Any], archive: Mapping[str, Any]) -> str:
    """none, governance or compliance."""
    return str(archive.get("immutability", terms.get("immutability", "none")))


def copies_of(terms: Mapping[str, Any], archive: Mapping[str, Any]) -> int:
    """On so many sites stands a whole copy of it."""
    return int(archive.get("copies", terms["copies"]))
