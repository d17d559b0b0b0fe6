"""The marks that show a restored database: one empty pool each, below one of the platform's own.

`portal-marks/<platform>/<mark>` is as deep as pools go.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from provisioning.domain.errors import AlreadyExists
from provisioning.providers.proxmox.client.api import Api
from provisioning.providers.proxmox.client.errors import NotThere

TOP: Final = "portal-marks"
# A database older than the oldest that is kept finds the kept ones unknown all the same.
KEPT: Final = 50


@dataclass(frozen=True)
class Marks:
    """A mark is `<platform>/<number>-<random>`: it sorts by its number."""

    api: Api
    platform: str

    def after(self, mark: str) -> list[str]:
        """Marks of this platform that sort after `mark`."""
        return [text for text in self._all() if text > mark]

    def push(self, mark: str) -> None:
        """Repeatable; the oldest of many go."""
        for id in (TOP, f"{TOP}/{self.platform}", f"{TOP}/{mark}"):
            with suppress(AlreadyExists):
                self.api.call(f"pushing the mark {mark}", "post", "pools", poolid=id)
        for old in self._all()[:-KEPT]:
            with suppress(NotThere):
                self.api.call(f"removing the mark {old}", "delete", "pools", poolid=f"{TOP}/{old}")

    def _all(self) -> list[str]:
        head = f"{TOP}/{self.platform}/"
        found = self.api.listed("reading the marks", "pools")
        ids = [str(one.get("poolid", "")) for one in found]
        return sorted(id.removeprefix(f"{TOP}/") for id in ids if id.startswith(head))
