"""Addresses with variables in them: which template does a path follow, and what do its variables say?"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass
class _Node(Generic[Value]):
    value: "Value | None" = None
    template: str = "/"
    words: dict[str, "_Node[Value]"] = field(default_factory=dict)
    variable: "tuple[str, _Node[Value]] | None" = None


@dataclass(frozen=True)
class Found(Generic[Value]):
    value: Value
    template: str
    in_path: dict[str, str]


class Tree(Generic[Value]):
    """Templates like `/nodes/{node}/qemu`; a word beats a variable."""

    def __init__(self) -> None:
        self._root: _Node[Value] = _Node()

    def place(self, template: str, fresh: Value) -> Value:
        """What stands at that template, `fresh` if nothing did."""
        at = self._root
        for part in template.strip("/").split("/"):
            if not part.startswith("{"):
                at = at.words.setdefault(part, _Node())
                continue
            if at.variable is None:
                at.variable = (part.strip("{}"), _Node())
            at = at.variable[1]
        at.template = template
        if at.value is None:
            at.value = fresh
        return at.value

    def find(self, path: str) -> Found[Value] | None:
        at, in_path = self._root, {}
        parts = path.strip("/").split("/")
        for place, part in enumerate(parts):
            if part in at.words:
                at = at.words[part]
                continue
            if at.variable is None:
                return None
            name, at = at.variable
            # A volume's name has slashes of its own, and nothing comes after it.
            in_path[name] = "/".join(parts[place:]) if name == "volume" else part
            if name == "volume":
                break
        return None if at.value is None else Found(at.value, at.template, in_path)
