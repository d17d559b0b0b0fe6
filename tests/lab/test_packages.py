"""Installing the distribution's packages starts no service, and leaves the machine's own policy as it was."""

import subprocess
from pathlib import Path

import pytest

from lab import packages
from lab.system import LabError

KNOWN = "Candidate: 1.0\n"


class Machine:
    """A Debian on which `present` is installed; apt-get is a function of `answers` (its exit codes in turn)."""

    def __init__(self, policy: Path, present: list[str], answers: list[int]) -> None:
        self.policy = policy
        self.present = present
        self.answers = answers
        self.services_held: list[bool] = []
        self.apt: list[str] = []

    def run(self, argv: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if argv[0] == "dpkg-query":
            listed = "".join(f"{name} ii \n" for name in argv if name in self.present)
            return subprocess.CompletedProcess(argv, 0, stdout=listed)
        if argv[0] == "apt-cache":
            return subprocess.CompletedProcess(argv, 0, stdout=KNOWN * (len(argv) - 2))
        self.services_held.append(self.policy.exists() and "exit 101" in self.policy.read_text())
        self.apt.append(" ".join(argv[len(packages.APT) :]))
        return subprocess.CompletedProcess(argv, self.answers.pop(0))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path / "policy-rc.d", present=["rclone"], answers=[0])
    monkeypatch.setattr(packages, "POLICY", made.policy)
    monkeypatch.setattr(packages, "GROUPS", {"clients": ("rclone", "restic"), "done": ("rclone",)})
    monkeypatch.setattr(packages.subprocess, "run", made.run)
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(packages.os, "geteuid", lambda: 0)
    return made


def test_only_what_is_missing_is_installed_and_no_service_starts_meanwhile(machine: Machine) -> None:
    packages.install(["clients"])
    assert machine.apt == ["install --no-install-recommends restic"]
    assert machine.services_held == [True]
    assert not machine.policy.exists()


def test_nothing_is_touched_when_everything_is_there(machine: Machine) -> None:
    packages.install(["done"])
    assert machine.apt == []


def test_stale_package_lists_are_refreshed_once(machine: Machine) -> None:
    machine.answers[:] = [100, 0, 0]
    packages.install(["clients"])
    assert machine.apt[1] == "update"
    assert machine.apt[0] == machine.apt[2]


def test_the_machine_s_own_policy_comes_back_even_after_a_failure(machine: Machine) -> None:
    machine.policy.write_text("#!/bin/sh\nexit 104\n")
    machine.policy.chmod(0o700)
    machine.answers[:] = [100, 0, 100]
    with pytest.raises(LabError, match=r"apt-get install .*failed"):
        packages.install(["clients"])
    assert machine.services_held == [True, True, True]
    assert machine.policy.read_text() == "#!/bin/sh\nexit 104\n"
    assert machine.policy.stat().st_mode & 0o777 == 0o700


def test_an_unknown_group_is_named(machine: Machine) -> None:
    with pytest.raises(LabError, match="no group called 'toys'; there are clients, done"):
        packages.install(["toys"])


def test_without_root_or_sudo_the_way_out_is_said(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(packages.shutil, "which", lambda name: None if name == "sudo" else f"/usr/bin/{name}")
    with pytest.raises(LabError, match="run this as root, or install sudo"):
        packages.install(["clients"])
    assert machine.apt == []
