"""Each archive has its own number of copies, and the space is held on every site where any of them is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elaastic.levels.level1 import DEFAULTS, SCHEMA, blueprint, fixed, quantities, storage
from elaastic.levels.level2 import LEVEL2
from elaastic.services.asking import check_terms
from provisioning.domain.manifest import Placement
from provisioning.domain.region import PlacementTarget
from tenants.models.errors import Invalid
from tests.elaastic.levels.test_levels_level1 import GOLDEN, RICH, THREE, TWO, archives

BOTH = THREE.with_targets([PlacementTarget("two-sites-an-pu", ("an", "pu"), 2)])
MIXED: dict[str, Any] = {
    **DEFAULTS,
    "archives": [
        {"name": "backup", "expected_interval_hours": 24},
        {"name": "foto", "expected_interval_hours": 168, "copies": 2},
    ],
}
with_copies = archives.flatmap(
    lambda chosen: st.lists(st.sampled_from([None, 2, 3]), min_size=len(chosen), max_size=len(chosen)).map(
        lambda numbers: [
            {**archive, **({"copies": number} if number else {})}
            for archive, number in zip(chosen, numbers, strict=True)
        ]
    )
)
any_terms = st.fixed_dictionaries(
    {
        "quota_gib": st.integers(1, 8192),
        "archives": with_copies,
        "retention_days": st.integers(1, 3650),
        "copies": st.sampled_from([2, 3]),
    }
)


def targets(terms: dict[str, Any], placement: Placement) -> dict[str, str]:
    made = blueprint(terms, placement).resources
    return {d.name.removeprefix("archive-"): d.spec["placement_target"] for d in made if d.kind == "ceph.bucket"}


def test_each_archive_goes_where_its_number_of_copies_is() -> None:
    assert targets(MIXED, BOTH) == {"backup": "three-sites", "foto": "two-sites-an-pu"}
    made = blueprint(MIXED, BOTH).as_json()
    assert json.loads(json.dumps(made)) == json.loads(GOLDEN.read_text())["two numbers of copies"]


@pytest.mark.parametrize(("terms", "placement"), [(DEFAULTS, THREE), (RICH, TWO)])
def test_whoever_chooses_for_all_of_them_gets_the_manifest_of_the_day_before(
    terms: dict[str, Any], placement: Placement
) -> None:
    said = [{**archive, "copies": terms["copies"]} for archive in terms["archives"]]
    before = json.dumps(blueprint(terms, placement).as_json())
    assert json.dumps(blueprint({**terms, "archives": said}, placement).as_json()) == before


@given(any_terms)
def test_the_space_is_held_once_on_every_site_where_an_archive_may_fill_it(terms: dict[str, Any]) -> None:
    full = check_terms(1, terms)
    numbers = {archive.get("copies", terms["copies"]) for archive in terms["archives"]}
    assert set(storage(full).copies) == numbers
    held = [(need.site, need.amount) for need in blueprint(full, BOTH).needs]
    assert sorted(held) == [(site, terms["quota_gib"]) for site in ("an", "mc", "pu")]
    by_target = {target.id: target.copies for target in BOTH.every_target}
    given_to = {name: by_target[target] for name, target in targets(full, BOTH).items()}
    assert given_to == {a["name"]: a.get("copies", terms["copies"]) for a in terms["archives"]}
    assert dict(quantities(full))["storage_gib"] == terms["quota_gib"] * max(numbers)


def test_who_leaves_keeps_the_room_of_all_of_them() -> None:
    from elaastic.levels import Mode

    assert blueprint(MIXED, BOTH, Mode(leaving=True)).needs == blueprint(MIXED, BOTH).needs


def test_no_manifest_is_made_for_copies_that_have_no_place() -> None:
    with pytest.raises(ValueError, match="foto"):
        blueprint(MIXED, THREE)


@pytest.mark.parametrize("copies", [1, 4, "3", None])
def test_a_number_that_nobody_offers_is_refused_at_its_archive(copies: Any) -> None:
    with pytest.raises(Invalid) as refused:
        check_terms(1, {**MIXED, "archives": [{**MIXED["archives"][0], "copies": copies}]})
    assert set(refused.value.errors) == {"terms.archives.0.copies"}


def test_an_archive_keeps_its_copies_and_a_new_one_may_have_others() -> None:
    backup, foto = MIXED["archives"]
    more = {**MIXED, "archives": [backup, foto, {**foto, "name": "video", "copies": 3}]}
    assert fixed(MIXED, more) == {}
    assert fixed(MIXED, {**MIXED, "archives": [{**backup, "copies": 3}, foto]}) == {}, "it has three already"
    assert fixed(MIXED, {**MIXED, "archives": [{**backup, "copies": 2}, foto]}) == {
        "terms.archives.0.copies": "copies"
    }
    without = {name: value for name, value in foto.items() if name != "copies"}
    assert fixed(MIXED, {**MIXED, "archives": [backup, without]}) == {"terms.archives.1.copies": "copies"}
    assert fixed(MIXED, {**MIXED, "copies": 2}) == {"terms.copies": "copies_of_all"}


def test_level_2_contains_it() -> None:
    assert LEVEL2.schema["properties"]["archives"] == SCHEMA["properties"]["archives"]
    images = {"name": "images", "expected_interval_hours": 168, "copies": 2}
    terms = {**LEVEL2.defaults, "archives": [MIXED["archives"][0], images]}
    placement = Placement({**BOTH.platforms, "proxmox": "pve"}, BOTH.target, BOTH.sites, "pu", BOTH.targets)
    assert LEVEL2.blueprint is not None
    below, above = blueprint(terms, placement), LEVEL2.blueprint(terms, placement)
    assert above.resources[: len(below.resources)] == below.resources
    assert above.needs[: len(below.needs)] == below.needs


# -- the placement ---------------------------------------------------------------------------------------------
def test_a_placement_reads_back_the_same_and_one_of_an_earlier_release_knows_its_target() -> None:
    for placement in (THREE, TWO, BOTH):
        stored = json.loads(json.dumps(placement.as_json()))
        assert Placement.parse(stored) == placement
        assert Placement.parse(stored).as_json() == stored
    earlier = Placement.parse({"platforms": {"ceph": "c"}, "target": "two", "sites": ["an", "pu"]})
    assert earlier.target_for(2) == PlacementTarget("two", ("an", "pu"), 2)
    assert earlier.target_for(3) is None
    assert "targets" not in earlier.as_json(), "what nobody changed is stored as it was"


def test_what_holds_no_archives_has_no_target() -> None:
    assert Placement.parse({}).every_target == ()
    assert Placement({"openstack": "o"}, "", ("an",)).target_for(1) is None
