"""What an image's bytes are: their sums, how they begin, and what a machine made of them would say."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lab import disks

# Whoever writes this line into an image reads it on the console of a machine that boots it.
_SAYS = re.compile(rb"SIMULATED-CONSOLE: ([^\r\n\x00]{1,400})")
_LONGEST_LINE = 512
_MOST_LINES = 200


@dataclass
class Reading:
    """What is learned while the bytes go by; a line may begin in one block and end in the next."""

    size: int = 0
    head: bytes = b""
    says: list[str] = field(default_factory=list)
    _sha512: Any = field(default_factory=hashlib.sha512)
    _md5: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))
    _rest: bytes = b""

    def through(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The same blocks, read on their way."""
        for block in blocks:
            self.size += len(block)
            self.head += block[: max(0, disks.HEAD - len(self.head))]
            self._sha512.update(block)
            self._md5.update(block)
            self._listen(block)
            yield block
        self._listen(b"\n", last=True)

    def _listen(self, block: bytes, *, last: bool = False) -> None:
        text = self._rest + block
        # A line that may go on in the next block waits for it.
        end = len(text) if last else max(0, len(text) - _LONGEST_LINE)
        at = 0
        for said in _SAYS.finditer(text):
            if said.start() >= end:
                break
            if len(self.says) < _MOST_LINES:
                self.says.append(said[1].decode(errors="replace"))
            at = said.end()
        self._rest = text[max(at, end) :]

    @property
    def format(self) -> str:
        """As it begins; `raw` for whatever begins like nothing that is known."""
        return disks.format_of(self.head)

    def found(self) -> dict[str, Any]:
        """What is kept of it, in Glance's own words where it has any."""
        return {
            "size": self.size, "checksum": self._md5.hexdigest(), "os_hash_algo": "sha512",
            "os_hash_value": self._sha512.hexdigest(), "virtual_size": self._virtual_size(), "begins": self.format,
            "sound": self._sound(), "boots": disks.boots(self.head), "says": self.says,
        }  # fmt: skip

    def _virtual_size(self) -> int:
        if self.format == "qcow2" and len(self.head) >= 32:
            return int.from_bytes(self.head[24:32], "big")
        return self.size

    def _sound(self) -> bool:
        """Glance refuses a qcow2 of no known version, and one that would read another file."""
        if self.format != "qcow2":
            return True
        version = int.from_bytes(self.head[4:8], "big")
        backing = int.from_bytes(self.head[8:16], "big")
        external = version >= 3 and bool(int.from_bytes(self.head[72:80], "big") & 4)
        return version in (2, 3) and not backing and not external
