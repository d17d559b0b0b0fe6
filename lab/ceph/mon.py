"""Commands to the monitors as `client.admin`, through python-rados."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab.ceph import binding
from lab.system import LabError


class Mon:
    """A connection for the length of a `with`; never carried over a fork (an inherited handle hangs)."""

    def __init__(self, conf: Path, *, timeout_s: int = 30) -> None:
        binding.ensure()
        import rados

        # connect(timeout=…) is ignored by the library; these three are what it obeys.
        limits = dict.fromkeys(
            ("client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout"), str(timeout_s)
        )
        self._cluster = rados.Rados(conffile=str(conf), name="client.admin", conf=limits)
        try:
            self._cluster.connect()
        except rados.Error as error:
            raise LabError(f"The mon of {conf.parent} did not answer within {timeout_s} s: {error}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cluster.shutdown()

    def command(self, prefix: str, *, payload: bytes = b"", **arguments: object) -> Any:
        """The decoded JSON answer (None when there is none); `LabError` with the mon's own words."""
        raw = self.raw(prefix, payload=payload, format="json", **arguments)
        return json.loads(raw) if raw.strip() else None

    def raw(self, prefix: str, *, payload: bytes = b"", **arguments: object) -> bytes:
        code, answer, words = self._cluster.mon_command(json.dumps({"prefix": prefix, **arguments}), payload)
        if code:
            raise LabError(f"The mon refused `{prefix}` {arguments}: {words} ({code}).")
        return bytes(answer)
