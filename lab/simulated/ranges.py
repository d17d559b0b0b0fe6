"""Byte ranges: one range a request, as every client here asks."""

import re
from dataclasses import dataclass

from lab.simulated.errors import Refused

_FORM = re.compile(r"bytes=(\d*)-(\d*)$")


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `end` (excluded)."""

    start: int
    end: int
    partial: bool

    @property
    def length(self) -> int:
        return self.end - self.start

    def header(self, size: int) -> str:
        return f"bytes {self.start}-{self.end - 1}/{size}"


def span_of(header: str, size: int) -> Span:
    """The span asked for; a header of another form is ignored; Refused InvalidRange past the end."""
    found = _FORM.match(header)
    if not found or found.groups() == ("", ""):
        return Span(0, size, False)
    first, last = found.groups()
    if not first:
        return Span(max(0, size - int(last)), size, True)
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    if start >= size or end <= start:
        raise Refused("InvalidRange")
    return Span(start, end, True)
