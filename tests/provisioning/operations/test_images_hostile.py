"""T21: hostile images, all before one process that has the child's own limits: each has its verdict, and the next
one is looked at as if the former had not been."""

import json
import random
import resource
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from provisioning.operations.images import child, confined
from provisioning.operations.images.confined import look_at
from provisioning.operations.images.verdict import REASONS
from tests.provisioning.operations import forge
from tests.provisioning.operations import forge_hostile as hostile

ROOT: Final = Path(__file__).resolve().parents[3]
MOST: Final = 2 * 2**40
# The interpreter with the inspectors takes some 40 MiB; what a stranger's file may add is a few chunks of a MiB.
MOST_HELD_KIB: Final = 120 * 2**10
SEED: Final = 20261123
FLIPS: Final = 150
_COURT: Final = f"""
import json, struct, sys
from io import BufferedReader, BytesIO
from provisioning.operations.images import child
status = open('/proc/self/status')
child.confine(0)
while head := sys.stdin.buffer.read(8):
    content = sys.stdin.buffer.read(*struct.unpack('>Q', head))
    print(json.dumps(child.verdict(BufferedReader(BytesIO(content)), {MOST})))
    del content
status.seek(0)
print(status.read().partition('VmHWM:')[2].split()[0])
"""
WHOLE: Final = {
    "qcow2": forge.qcow2()[: 2 * 65536 + 1],
    "vmdk": hostile.vmdk(footer=2048),
    "ova": hostile.archive(hostile.member("1.vmdk", hostile.vmdk()), hostile.member("2.vmdk", hostile.vmdk())),
    "vma": forge.vma([hostile.GIB]),
    "raw": forge.raw()[:1024],
}


def judged(contents: Iterable[bytes]) -> tuple[list[dict[str, Any]], int]:
    """The verdict on each, and the most memory that was held (KiB)."""
    framed = b"".join(struct.pack(">Q", len(one)) + one for one in contents)
    done = subprocess.run(
        [sys.executable, "-P", "-c", _COURT], cwd="/", env={"PYTHONPATH": str(ROOT)}, input=framed,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    *said, held = done.stdout.decode().splitlines()
    return [json.loads(one) for one in said], int(held)


def test_each_is_refused_with_its_reason_and_in_little_memory() -> None:
    said, held = judged(content for content, _reason in hostile.REFUSED.values())
    found = {name: one.get("reason") for name, one in zip(hostile.REFUSED, said, strict=True)}
    assert found == {name: reason for name, (_content, reason) in hostile.REFUSED.items()}
    assert held < MOST_HELD_KIB
    assert not [one for one in said if "passwd" in one["detail"] or "shadow" in one["detail"]]


def test_what_is_merely_strange_is_taken_for_what_it_is() -> None:
    said, _held = judged(content for content, _form, _sizes in hostile.TAKEN.values())
    found = {
        name: (one.get("form", one), [disk["virtual_bytes"] for disk in one.get("disks", ())])
        for name, one in zip(hostile.TAKEN, said, strict=True)
    }
    assert found == {name: (form, sizes) for name, (_content, form, sizes) in hostile.TAKEN.items()}


def test_none_is_taken_that_is_cut_off_anywhere() -> None:
    """At every byte of the first headers and of the end, and at every boundary of a block between."""
    cuts = []
    for form, content in WHOLE.items():
        end = 512 if form == "raw" else len(content) - (1024 if form == "ova" else 0)
        whole = len(content) - 4608 if form == "vma" else 0  # after its first extent a backup could end, too
        near = {*range(1, 600), *range(end - 80, end), *range(0, end, 4096 if form == "qcow2" else 512)}
        cuts += [(form, at, content[:at]) for at in sorted(near - {whole}) if 0 < at < end]
    said, held = judged(content for _form, _at, content in cuts)
    taken = [(form, at) for (form, at, _content), one in zip(cuts, said, strict=True) if "reason" not in one]
    assert taken == []
    assert {one["reason"] for one in said} <= {"Damaged", "UnknownFormat", "NoDisk"}
    assert held < MOST_HELD_KIB


def test_flipped_bits_have_a_verdict_and_make_no_disk_larger_than_agreed() -> None:
    dice = random.Random(SEED)
    flipped = [_flipped(content, dice) for content in WHOLE.values() for _ in range(FLIPS)]
    said, held = judged(flipped)
    assert {one["reason"] for one in said if "reason" in one} <= set(REASONS) - {"Uninspectable"}
    assert max(disk["virtual_bytes"] for one in said for disk in one.get("disks", ())) <= MOST
    assert held < MOST_HELD_KIB


def _flipped(content: bytes, dice: random.Random) -> bytes:
    """One to four numbers of the headers changed into the most, the least, or anything; or a piece left out."""
    made = bytearray(content)
    for _ in range(dice.randint(1, 4)):
        at = dice.choice((dice.randrange(128), dice.randrange(1024), dice.randrange(len(made))))
        word = dice.choice(
            (bytes(dice.randint(1, 8)), b"\xff" * dice.randint(1, 8), dice.randbytes(dice.randint(1, 8)))
        )
        made[at : at + dice.choice((len(word), len(word), 0, 512))] = word
    return bytes(made)


def test_the_cell_has_all_its_walls() -> None:
    code = (
        "from provisioning.operations.images import child\nimport json, resource\nchild.confine(100 * 10**6)\n"
        "names = ('AS', 'CPU', 'NOFILE', 'NPROC', 'FSIZE', 'CORE')\n"
        "print(json.dumps([resource.getrlimit(getattr(resource, 'RLIMIT_' + one)) for one in names]))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd="/", env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    assert json.loads(done.stdout) == [[most, most] for most in (child.MEMORY, 25, 0, 0, 0, 0)]
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


ESCAPED: Final = {
    "neither reads nor ends": "import time\ntime.sleep(600)",
    "hears all and says nothing": "import sys, time\nsys.stdin.buffer.read()\ntime.sleep(600)",
    "talks without end": "while True: print('x' * 60000)",
    "hears all and talks without end": "import sys\nsys.stdin.buffer.read()\nwhile True: print('x' * 60000)",
    "says no JSON": "import sys\nsys.stdin.buffer.read()\nprint('usable')",
    "says a reason that there is not": 'import sys\nsys.stdin.buffer.read()\nprint(\'{"reason": "Because"}\')',
    "says half an image": 'import sys\nsys.stdin.buffer.read()\nprint(\'{"form": "raw", "disks": [{}]}\')',
    "says a list": "import sys\nsys.stdin.buffer.read()\nprint('[' * 50000)",
}


@pytest.mark.parametrize("way", ESCAPED)
def test_whatever_becomes_of_the_child_the_worker_goes_on(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a file had made the parser do its will: no verdict, in bounded time, and the sums are right."""
    monkeypatch.setattr(confined, "LOOKS", (sys.executable, "-S", "-c", ESCAPED[way]))
    monkeypatch.setattr(confined, "TAKES_S", 2)
    monkeypatch.setattr(confined, "LAST_WORD_S", 2)
    content = forge.raw(2)
    found = look_at(iter([content[: forge.MIB], content[forge.MIB :]]), size=len(content), most_bytes=MOST)
    assert found.image is None and found.unfit is not None and found.unfit.reason == "Uninspectable"
    assert found.size == len(content)
    monkeypatch.undo()
    assert look_at(iter([content]), size=len(content), most_bytes=MOST).image is not None


def test_a_stream_that_comes_by_the_byte_is_the_same_image() -> None:
    content = WHOLE["ova"]
    pieces = [content[at : at + 1] for at in range(300)] + [content[300:]]
    found = look_at(iter(pieces), size=len(content), most_bytes=MOST)
    assert found.image is not None and found.image.form == "ova"


QEMUS: Final = {
    "of small clusters": ("qcow2", "-o", "cluster_size=512"),
    "of large clusters": ("qcow2", "-o", "cluster_size=2M"),
    "of the old kind": ("qcow2", "-o", "compat=0.10"),
    "with all its tables": ("qcow2", "-o", "preallocation=metadata"),
    "packed by zstd": ("qcow2", "-c", "-o", "compression_type=zstd"),
    "with lazy refcounts of a bit": ("qcow2", "-o", "lazy_refcounts=on,refcount_bits=1"),
    "a vmdk": ("vmdk",),
    "a vmdk in a stream": ("vmdk", "-o", "subformat=streamOptimized"),
    "a vmdk of a newer VMware": ("vmdk", "-o", "hwversion=10"),
}


@pytest.mark.real
def test_what_qemu_makes_in_all_its_ways_is_taken(tmp_path: Path) -> None:
    disk, mib = tmp_path / "disk", 3
    disk.write_bytes(forge.raw()[:512] + random.Random(SEED).randbytes(mib * forge.MIB - 512))
    made = []
    for number, (form, *options) in enumerate(QEMUS.values()):
        file = tmp_path / f"{number}"
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", form, *options, disk, file], check=True)
        if form == "qcow2":
            subprocess.run(["qemu-img", "resize", "-q", file, "+1G"], check=True)
        if form == "qcow2" and "refcount_bits=1" not in options[-1]:
            subprocess.run(["qemu-img", "snapshot", "-c", "before", file], check=True)
        made.append(file.read_bytes())
    said, _held = judged(made)
    assert {name: one.get("form", one) for name, one in zip(QEMUS, said, strict=True)} == {
        name: form for name, (form, *_options) in QEMUS.items()
    }
