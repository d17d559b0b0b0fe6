"""A machine that started for real: from which image, in which turn. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Started:
    """`group` is its turn, from 1. `file`: where a worker put its image, whose `sha512` was taken when it arrived;
    `form` is qcow2 or raw; `size` the flavor and `zone` the site's name there, "" where the platform has one alone.
    """

    name: str
    group: int
    file: str
    sha512: str
    form: str
    size: str
    zone: str = ""

    def as_json(self) -> dict[str, Any]:
        """The stored form."""
        return asdict(self)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Started":
        """What `as_json` wrote."""
        return cls(**data)
