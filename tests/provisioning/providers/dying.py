"""A worker that dies at a point of its work."""

import pytest

from provisioning.domain import checkpoint


class Died(BaseException):
    """A worker, at that point."""


def dies_once_at(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reaches it next."""
    died = False

    def hook(reached: str) -> None:
        nonlocal died
        if reached == point and not died:
            died = True
            raise Died

    monkeypatch.setattr(checkpoint, "hook", hook)
