"""A file on its way to a platform: whoever sends it is asked at each piece, and sends it once."""

from pathlib import Path

import pytest

from provisioning.domain.errors import TemporaryError
from provisioning.providers.image_file import PassingOnce, image_file


class Stopped(Exception):
    """Somebody else has the stack by now."""


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "disk.raw"
    file.write_bytes(b"x" * 100)
    return str(file)


def test_each_piece_is_asked_for_and_none_comes_once_the_answer_is_no(path: str) -> None:
    left = [None] * 3

    def hold() -> None:
        if not left:
            raise Stopped
        left.pop()

    came = b""
    with pytest.raises(Stopped), image_file(path, 100, hold) as file:
        while piece := file.read(10):
            came += piece
    assert len(came) == 30


def test_what_was_begun_is_not_begun_again_from_the_middle(path: str) -> None:
    with image_file(path, 100, lambda: None, PassingOnce) as file:
        file.seek(0, 2)
        assert (file.tell(), file.seek(0), file.tell()) == (100, 0, 0)
        assert len(file.read(10)) == 10
        with pytest.raises(TemporaryError):
            file.tell()
