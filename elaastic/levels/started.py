"""A machine that started for real: from which image, in which turn. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Started:
    """`group` is its turn, from 1. `file`: where a worker put its image, whose `sha512` was taken when it arrived;
    `form` is qcow2, raw or vmdk. On OpenStack `size` is the flavor and `zone` the site's name there, "" where the
    platform has one alone; on Proxmox `stores` are two storages, for its image and for its disk, with a space
    between.
    """

    name: str
    group: int
    file: str
    sha512: str
    form: str
    size: str = ""
    zone: str = ""
    system: str = "openstack"
    stores: str = ""

    def as_json(self) -> dict[str, Any]:
        """The stored form."""
        return asdict(self)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Started":
        """What `as_json` wrote."""
        return cls(**data)
