"""The process that looks can do nothing else; and what becomes of the worker when it dies."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from provisioning.operations.images import confined
from provisioning.operations.images.confined import look_at
from tests.provisioning.operations import forge

ROOT = Path(__file__).resolve().parents[3]
MOST = 2**40
WAYS_OUT = {
    "a file": "open('/etc/hostname')",
    "a socket": "import socket; socket.socket()",
    "a pipe": "import os; os.pipe()",
    "a child": "import subprocess; subprocess.run(['/bin/true'])",
    "memory": "bytearray(2 ** 31)",
    "the worker's settings": "import os; os.environ['MCLOUD_SECRET_KEY']",
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_who_looks_can_do_nothing_else(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCLOUD_SECRET_KEY", "not for the child")
    done = in_the_child(f"{WAYS_OUT[way]}\nprint('out')")
    assert "out" not in done.stdout
    refused = done.stderr.strip().rpartition("\n")[2]
    assert refused.startswith(("OSError", "BlockingIOError", "MemoryError", "KeyError")), refused


def in_the_child(code: str) -> "subprocess.CompletedProcess[str]":
    """After the limits, with the very environment that the child gets."""
    given = f"from provisioning.operations.images import child\nchild.confine(0)\n{code}"
    return subprocess.run(
        [sys.executable, "-P", "-c", given], cwd="/", env={"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_going_in_circles_has_an_end() -> None:
    seconds = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
    assert in_the_child(seconds).returncode < 0
    assert "20" in in_the_child("import resource; print(resource.getrlimit(resource.RLIMIT_CPU))").stdout


def test_nothing_of_the_portal_is_loaded_where_a_strangers_file_is_read() -> None:
    loaded = in_the_child("import sys\nsys.stdout.write(' '.join(sys.modules))").stdout.split()
    assert "oslo_utils" in loaded
    assert not {"django", "celery", "boto3", "provisioning.models"} & set(loaded)


def test_a_storage_that_breaks_off_is_told_and_leaves_no_process() -> None:
    def chunks() -> Iterator[bytes]:
        yield forge.qcow2()[:100_000]
        raise OSError("the gateway went away")

    with pytest.raises(OSError, match="went away"):
        look_at(chunks(), size=3 * 65536, most_bytes=MOST)
    assert not looking()


def test_a_child_that_is_killed_is_no_verdict_on_the_image() -> None:
    def chunks() -> Iterator[bytes]:
        content = forge.qcow2()
        yield content[:100_000]
        for process in looking():
            process.kill()
            process.wait()
        yield content[100_000:]

    found = look_at(chunks(), size=3 * 65536, most_bytes=MOST)
    assert found.unfit is not None and found.unfit.reason == "Uninspectable"
    assert found.size == 3 * 65536


def test_fewer_bytes_than_the_storage_says_are_a_damaged_image() -> None:
    found = look_at(iter([forge.qcow2()]), size=10**6, most_bytes=MOST)
    assert found.unfit is not None and found.unfit.reason == "Damaged"


def looking() -> list[psutil.Process]:
    """Children that run; what other tests of this process left unwaited for has no command line any more."""
    alive = [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]
    return [p for p in alive if "provisioning.operations.images.child" in p.cmdline()]


@pytest.mark.real
def test_qemus_own_images_are_known_for_what_they_are(tmp_path: Path) -> None:
    base = tmp_path / "base.qcow2"
    made = {
        "qcow2": forge.qemu(base, "qcow2", "1G"),
        "vmdk": forge.qemu(tmp_path / "a.vmdk", "vmdk", "100M", "-o", "subformat=streamOptimized"),
        "BackingFile": forge.qemu(tmp_path / "b.qcow2", "qcow2", "", "-b", base.name, "-F", "qcow2"),
        "ExternalData": forge.qemu(tmp_path / "c.qcow2", "qcow2", "1M", "-o", f"data_file={tmp_path}/d.raw"),
        "TooLarge": forge.qemu(tmp_path / "e.qcow2", "qcow2", "100T"),
        "UnknownFormat": forge.qemu(tmp_path / "f.vdi", "vdi", "10M"),
    }
    made["ova"] = forge.ova({"machine.ovf": b"<Envelope/>", "disk1.vmdk": made["vmdk"]})
    for expected, content in made.items():
        found = look_at(iter([content]), size=len(content), most_bytes=MOST)
        assert expected == (found.image.form if found.image else found.unfit and found.unfit.reason)


def test_the_sum_is_of_all_bytes_even_when_the_child_has_heard_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    content = forge.ova({f"{n}": b"" for n in range(1001)}) + bytes(4 * forge.MIB)
    monkeypatch.setattr(confined, "LAST_WORD_S", 10)
    found = look_at(iter([content[:600_000], content[600_000:]]), size=len(content), most_bytes=MOST)
    assert found.unfit is not None and found.unfit.reason == "Unsafe"
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.sha512 == hashlib.sha512(content).hexdigest()
