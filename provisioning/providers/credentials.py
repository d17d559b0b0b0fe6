"""The portal's own access to a platform, from the file that the region file names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from provisioning.domain.errors import PermanentError

T = TypeVar("T")


def read_file(path: str, make: Callable[[Any], T], needs: str) -> T:
    """What `make` makes of the file's YAML; `needs` names the fields without which it cannot.

    PermanentError Forbidden when the file cannot be used; its content is in no message.
    """
    try:
        return make(yaml.safe_load(Path(path).read_text()))
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise PermanentError(
            f"The credentials file {path} cannot be read, or lacks {needs}; the region's operator must mend it.",
            reason="Forbidden",
        ) from None
