"""T21: what strangers upload as images is refused, each with its reason, and the worker goes on to the next."""

import pytest

from elaastic.models import RecoveryPoint
from elaastic.selectors.sentences import IMAGES
from provisioning.operations.images import verdict
from tests.elaastic.intake.town import Town
from tests.provisioning.operations import forge
from tests.provisioning.operations import forge_hostile as hostile

GIB = 2**30
EVIL = "../../etc/cron.d/$(reboot);'\"\u202egnp.vmdk"
HOSTILE = {
    "backing.qcow2": (forge.qcow2(backing=104), "BackingFile"),
    "data-elsewhere.qcow2": (forge.qcow2(features=4), "ExternalData"),
    "of-an-exbibyte.qcow2": (forge.qcow2(2**60), "TooLarge"),
    "larger-than-agreed.qcow2": (forge.qcow2(11 * GIB), "TooLarge"),
    "polyglot.raw": (forge.qcow2()[:446] + forge.raw()[446:], "Ambiguous"),
    "cut-off.qcow2": (forge.qcow2()[: 2 * 65536], "Damaged"),
    "evil.ova": (forge.ova({EVIL: b"\0" * 600}), "UnknownFormat"),
    "half.ova": (forge.ova({"disk.vmdk": forge.raw(2)})[: forge.MIB], "Damaged"),
    "empty.qcow2": (b"", "Empty"),
    "on-the-host.vmdk": (hostile.vmdk(more='parentFileNameHint="/etc/passwd"\n'), "BackingFile"),
    "encrypted.qcow2": (hostile.patched(forge.qcow2(), 32, ">I", 2), "Encrypted"),
    "holes.ova": (hostile.archive(hostile.sparse(2**40)), "Unsafe"),
    "half-a-list.ova": (hostile.archive(hostile.member("1.vmdk", hostile.vmdk()), b"\xff" * 512), "Damaged"),
    "two-formats.ova": (hostile.qcow2_that_is_a_tar(), "Ambiguous"),
    "unfolds.qcow2": (hostile.bomb(2**42), "TooLarge"),
    "letter-in-italian": (hostile.text_of_italians(), "UnknownFormat"),
    "archive.vma.zst": (b"\x28\xb5\x2f\xfd" + bytes(2000), "UnknownFormat"),
    "../web/$(reboot)\u202e;'\".raw": (b"x" * 5000, "UnknownFormat"),
}


def test_each_is_refused_with_its_reason_and_the_worker_lives(town: Town) -> None:
    client = town.s3()
    for name, (content, _reason) in HOSTILE.items():
        client.put_object(Bucket="images", Key=f"files/{name}", Body=content)
    client.put_object(Bucket="images", Key="files/zz-honest.raw", Body=forge.raw())
    town.workers_look()
    found = {p.key.removeprefix("files/"): (p.state, p.reason) for p in town.points()}
    expected = {name: ("refused", reason) for name, (_content, reason) in HOSTILE.items()}
    assert found == expected | {"zz-honest.raw": ("usable", "")}
    assert not RecoveryPoint.objects.filter(detail__contains="reboot").exists()


@pytest.mark.parametrize("reason", verdict.REASONS)
def test_every_reason_has_a_sentence_with_what_to_do(reason: str) -> None:
    assert IMAGES[reason]
