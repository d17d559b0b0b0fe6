"""How things are called on the far side.

One rule everywhere: `<installation>.<stack>.<name>` in `[a-z0-9.-]`, at most 60 characters, because
OpenStack tags refuse `/` and `,` and Proxmox and RGW each have alphabets of their own. What bears data
carries its incarnation, so that a name is never used twice for two different contents.
"""

import re
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 60
_PART: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")


class BadName(ValueError):
    """A name that the far sides would not all take."""


def is_part(text: str) -> bool:
    """Could it be one of a name's parts?"""
    return bool(_PART.match(text))


def check_part(part: str) -> str:
    """`part` itself, or BadName with the rule it breaks."""
    if not is_part(part):
        raise BadName(
            f"{part!r} is not a valid name: small letters, digits and inner hyphens only, starting with a "
            "letter or a digit."
        )
    return part


@dataclass(frozen=True)
class Marker:
    """What we write on an object so that it can be known as ours, and whose."""

    installation: str
    stack: str
    name: str

    def __str__(self) -> str:
        return f"{self.installation}.{self.stack}.{self.name}"

    @classmethod
    def parse(cls, text: str) -> "Marker | None":
        """The marker that `text` spells, or None when it spells none."""
        parts = text.split(".")
        if len(parts) != 3 or not all(is_part(p) for p in parts):
            return None
        return cls(*parts)


def full_name(marker: Marker, incarnation: int = 1) -> str:
    """The object's own name: the marker, and the incarnation when it is not the first."""
    text = str(marker) if incarnation == 1 else f"{marker}.{incarnation}"
    if len(text) > LONGEST:
        raise BadName(f"{text!r} has {len(text)} characters; {LONGEST} are the most that every platform takes.")
    return text
