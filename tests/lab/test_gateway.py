"""A lab without rclone has no gateway, and its region file offers none."""

from pathlib import Path

import pytest

from lab.gateway import Gateway


def test_without_rclone_nothing_is_started_and_nothing_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    region = tmp_path / "region.yaml"
    region.write_text("as it was")
    gateway = Gateway(tmp_path / "gateway")
    gateway.up("http://127.0.0.1:1", "marche")
    gateway.announce(region)
    assert region.read_text() == "as it was"
    assert not gateway.folder.exists()
    gateway.down()
