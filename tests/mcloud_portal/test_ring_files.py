"""The broker in files: what its writer has not finished ends nobody."""

from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from mcloud_portal.celery import app


def test_a_ring_that_is_half_written_is_no_ring_and_the_next_one_is_heard(tmp_path: Path) -> None:
    folders = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out", "control_folder")}
    assert app.main == "mcloud_portal"  # it names the transport
    with Connection("filesystem://", transport_options=folders) as connection:
        # A name of its own: what a process once bound it does not bind again, in whichever folder.
        queue = connection.SimpleQueue("half-written")
        (tmp_path / "1_a.half-written.msg").touch()
        with pytest.raises(Empty):
            queue.get_nowait()
        queue.put({"ring": 1})
        assert queue.get(timeout=5).payload == {"ring": 1}
