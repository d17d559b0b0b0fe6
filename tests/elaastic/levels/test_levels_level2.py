"""Level 2: level 1 under the same names, and places for the machines."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elaastic.levels import LEVELS, Mode
from elaastic.levels.level1 import blueprint as blueprint_1
from elaastic.levels.level2 import DEFAULTS, blueprint, faults, quantities, reserve
from provisioning.domain.manifest import Placement, refs
from provisioning.domain.names import LONGEST, Marker, full_name
from provisioning.kinds import KINDS

GOLDEN = Path(__file__).parent / "golden" / "level2.json"
PLACED = Placement(
    {"ceph": "ceph-marche", "openstack": "cloud-pu", "proxmox": "pve-pu"}, "three-sites", ("an", "pu", "mc"), "pu"
)
WEB = {
    "name": "web", "nature": "stateless", "vcpus": 2, "ram_mib": 2048, "disk_gib": 20, "expected_interval_hours": 24
}  # fmt: skip
FILES = DEFAULTS["machines"][0]
HYBRID: dict[str, Any] = {**DEFAULTS, "machines": [FILES, WEB, {**WEB, "name": "mail", "vcpus": 4}]}

machines = st.lists(
    st.builds(
        lambda name, nature, vcpus, ram: {**WEB, "name": name, "nature": nature, "vcpus": vcpus, "ram_mib": ram},
        st.from_regex(r"[a-z0-9][a-z0-9-]{1,28}[a-z0-9]", fullmatch=True),
        st.sampled_from(["stateless", "stateful"]),
        st.integers(1, 64),
        st.integers(256, 1048576),
    ),
    min_size=1,
    max_size=50,
    unique_by=lambda machine: machine["name"],
)
modes = st.sampled_from([Mode(), Mode(suspended=True), Mode(expired=True), Mode(leaving=True)])


@pytest.mark.parametrize(("name", "terms"), [("defaults", DEFAULTS), ("hybrid", HYBRID)])
def test_the_manifest_is_the_one_that_was_written_down(name: str, terms: dict[str, Any]) -> None:
    made = blueprint(terms, PLACED).as_json()
    assert json.loads(json.dumps(made)) == json.loads(GOLDEN.read_text())[name]


@given(machines, modes)
def test_it_contains_level_1_under_the_same_names(some: list[dict[str, Any]], mode: Mode) -> None:
    terms = {**DEFAULTS, "machines": some}
    below, made = blueprint_1(terms, PLACED, mode), blueprint(terms, PLACED, mode)
    assert made.resources[: len(below.resources)] == below.resources
    assert made.needs[: len(below.needs)] == below.needs


@given(machines)
def test_every_reference_points_backward_and_every_kind_takes_its_fields(some: list[dict[str, Any]]) -> None:
    manifest = blueprint({**DEFAULTS, "machines": some}, PLACED)
    seen: set[str] = set()
    for desired in manifest.resources:
        assert {ref.resource for ref in refs(desired.spec)} <= seen
        KINDS[desired.kind].parse(desired.spec)
        assert PLACED.platforms[desired.kind.partition(".")[0]] == desired.platform
        assert len(full_name(Marker("mcloud", "a" * 12, desired.name))) <= LONGEST
        seen.add(desired.name)
    assert len(seen) == len(manifest.resources)


@given(machines)
def test_the_reserve_holds_all_machines_at_once_on_its_site(some: list[dict[str, Any]]) -> None:
    terms = {**DEFAULTS, "machines": some}
    held = {(n.platform, n.resource): n.amount for n in blueprint(terms, PLACED).needs if n.site == "pu"}
    for resource, field in (("vcpus", "vcpus"), ("ram_mib", "ram_mib")):
        both = held.get(("cloud-pu", resource), 0) + held.get(("pve-pu", resource), 0)
        assert both == sum(machine[field] for machine in some)
    stateful = [machine["disk_gib"] for machine in some if machine["nature"] == "stateful"]
    assert held.get(("pve-pu", "storage_gib"), 0) == sum(stateful)
    assert ("cloud-pu", "storage_gib") not in held


def test_who_leaves_keeps_copies_and_no_reserve() -> None:
    made = blueprint(HYBRID, PLACED, Mode(leaving=True))
    assert made.resources == blueprint_1(HYBRID, PLACED, Mode(leaving=True)).resources
    assert {need.resource for need in made.needs} == {"storage_gib"}


def test_suspended_the_towns_programs_start_nothing() -> None:
    made = blueprint(HYBRID, PLACED, Mode(suspended=True))
    for name in ("reserve-user", "pool-user"):
        desired = made.get(name)
        assert desired is not None and desired.spec == {"enabled": False}


def test_a_machine_that_is_taken_out_takes_no_place_away() -> None:
    before, after = blueprint(HYBRID, PLACED), blueprint({**HYBRID, "machines": [FILES, WEB]}, PLACED)
    assert {d.name for d in before.resources} == {d.name for d in after.resources}


def test_what_is_paid_for() -> None:
    used = dict(quantities(HYBRID))
    assert used["reserve_vcpu"] == FILES["vcpus"] + 2 + 4
    assert used["reserve_ram_gib"] == -(-(FILES["ram_mib"] + 2048 + 2048) // 1024)
    assert used["storage_gib"] == HYBRID["quota_gib"] * 3


def test_only_systems_that_are_needed_are_reserved() -> None:
    assert reserve(DEFAULTS).keys() == {"proxmox"}
    assert reserve({**DEFAULTS, "machines": [WEB]}).keys() == {"openstack"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"images_in": "nowhere"}, "terms.images_in"),
        ({"machines": [WEB, {**WEB, "vcpus": 8}]}, "terms.machines"),
        ({"lan": "10.20.300.0/24"}, "terms.lan"),
        ({"lan": "192.168.01.0/24"}, "terms.lan"),
    ],
)
def test_what_no_schema_can_say_is_said_by_field(changed: dict[str, Any], field: str) -> None:
    assert faults(DEFAULTS) == {}
    assert faults({**DEFAULTS, **changed}).keys() == {field}


def test_machines_have_the_natures_that_start_in_this_region() -> None:
    def natures(systems: set[str]) -> Any:
        schema = LEVELS[2].offering(("s3",), systems)
        return schema["properties"]["machines"]["items"]["properties"]["nature"]["enum"]

    assert natures({"ceph", "openstack"}) == ["stateless"]
    assert natures({"ceph", "openstack", "proxmox"}) == ["stateless", "stateful"]
    assert LEVELS[2].startable({"ceph"}) == []
