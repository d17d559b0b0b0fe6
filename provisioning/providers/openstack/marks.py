"""The marks that show a restored database: tags of a project that nobody can sign in to.

Keystone adds a tag by itself, without reading the others, and takes eighty of them.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import AlreadyExists
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere

# A database older than the oldest that is kept finds the kept ones unknown all the same.
KEPT: Final = 50


@dataclass(frozen=True)
class Marks:
    """A mark is `<platform>/<number>-<random>`: it sorts by its number. A tag has no slash: it is what follows."""

    cloud: Cloud
    platform: str

    def after(self, mark: str) -> list[str]:
        """Marks of this platform that sort after `mark`."""
        project = self._project()
        return [] if project is None else [text for text in self._of(project) if text > mark]

    def push(self, mark: str) -> None:
        """Repeatable; the oldest of many go."""
        project = self._project() or self._make()
        there = self._of(project)
        if mark not in there:
            self._tag("put", project, mark)
        for old in there[:-KEPT]:
            with suppress(NotThere):
                self._tag("delete", project, old)

    def _of(self, project: Any) -> list[str]:
        return sorted(f"{self.platform}/{tag}" for tag in project.tags)

    def _tag(self, verb: str, project: Any, mark: str) -> None:
        path = f"/projects/{project.id}/tags/{mark.partition('/')[2]}"
        self.cloud.send("pushing a mark", "identity", verb, path)

    def _project(self) -> Any:
        words = {"domain_id": self.cloud.domain_id(), "name": self._name}
        found = self.cloud.listed("reading the marks", "identity", "project", **words)
        return next((one for one in found if one.name == self._name), None)

    def _make(self) -> Any:
        """Two workers may be the first in the same moment."""
        words = {"domain_id": self.cloud.domain_id(), "name": self._name, "is_enabled": False}
        with suppress(AlreadyExists):
            return self.cloud.read("making the marks", lambda c: c.identity.create_project(**words))
        return self._project()

    @property
    def _name(self) -> str:
        return f"portal-marks.{self.platform}"
