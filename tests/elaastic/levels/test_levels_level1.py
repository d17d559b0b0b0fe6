"""Level 1: its manifest is data that is stored for years, so what it says is written down in a golden file."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elaastic.levels import LEVELS
from elaastic.levels.base import Storage
from elaastic.levels.level1 import DEFAULTS, GIB, blueprint, storage
from elaastic.services.asking import check_terms
from provisioning.domain.manifest import Desired, Manifest, Placement, Ref, refs, resolve
from provisioning.domain.names import LONGEST, Marker, full_name
from provisioning.kinds import KINDS
from provisioning.kinds.ceph import BucketSpec, UserSpec, bucket_name

GOLDEN = Path(__file__).parent / "golden" / "level1.json"
THREE = Placement({"ceph": "ceph-marche"}, "three-sites", ("an", "pu", "mc"))
TWO = Placement({"ceph": "ceph-marche"}, "two-sites-an-pu", ("an", "pu"))
RICH: dict[str, Any] = {
    "quota_gib": 2048,
    "protocols": ["s3"],
    "archives": [
        {"name": "anagrafe", "expected_interval_hours": 4},
        {"name": "posta-e-protocollo", "expected_interval_hours": 24},
        {"name": "vm1", "expected_interval_hours": 168},
    ],
    "retention_days": 365,
    "immutability": "compliance",
    "copies": 2,
}

names = st.from_regex(r"[a-z0-9][a-z0-9-]{1,28}[a-z0-9]", fullmatch=True)
archives = st.lists(
    st.fixed_dictionaries({"name": names, "expected_interval_hours": st.integers(1, 8784)}),
    min_size=1,
    max_size=20,
    unique_by=lambda archive: archive["name"],
)
EVERY_WAY = {**RICH, "protocols": ["s3", "sftp", "swift", "webdav"]}
valid_terms = st.fixed_dictionaries(
    {
        "quota_gib": st.integers(1, 8192),
        "archives": archives,
        "retention_days": st.integers(1, 3650),
        "copies": st.sampled_from([2, 3]),
    },
    optional={"protocols": st.just(["s3"]), "immutability": st.sampled_from(["none", "governance", "compliance"])},
)


def placed(terms: dict[str, Any]) -> Placement:
    return THREE if terms["copies"] == 3 else TWO


def outputs_of(desired: Desired, spec: Any) -> dict[str, Any]:
    """What the resource would tell the others."""
    return {"uid": f"mcloud_stack${desired.name}", "access_key": f"{desired.name}-id", "bucket": desired.name}


def parsed(manifest: Manifest) -> dict[str, Any]:
    """Every resource's spec, resolved in the order of the manifest; KeyError where a ref points forward."""
    outputs: dict[str, dict[str, Any]] = {}
    specs = {}
    for desired in manifest.resources:
        specs[desired.name] = KINDS[desired.kind].parse(resolve(desired.spec, outputs))
        outputs[desired.name] = outputs_of(desired, specs[desired.name])
    return specs


@pytest.mark.parametrize(("name", "terms"), [("defaults", DEFAULTS), ("rich", RICH), ("every way in", EVERY_WAY)])
def test_the_manifest_is_the_one_that_was_written_down(name: str, terms: dict[str, Any]) -> None:
    made = blueprint(terms, placed(terms)).as_json()
    assert json.loads(json.dumps(made)) == json.loads(GOLDEN.read_text())[name]


def test_a_stored_manifest_reads_back_the_same() -> None:
    stored = json.loads(GOLDEN.read_text())
    assert {name: Manifest.parse(manifest).as_json() for name, manifest in stored.items()} == stored


@given(valid_terms)
def test_any_valid_terms_give_a_manifest_that_the_kinds_take(terms: dict[str, Any]) -> None:
    full = check_terms(1, terms)
    specs = parsed(blueprint(full, placed(full)))
    assert {type(spec).__name__ for spec in specs.values()} == {"UserSpec", "KeySpec", "BucketSpec"}
    buckets = [spec for spec in specs.values() if isinstance(spec, BucketSpec)]
    assert [bucket.bucket for bucket in buckets] == [archive["name"] for archive in terms["archives"]]
    assert {bucket.retention_days for bucket in buckets} == {terms["retention_days"]}
    assert {bucket.immutability for bucket in buckets} == {terms.get("immutability", "none")}


@given(valid_terms)
def test_each_identity_owns_what_it_should_and_no_more(terms: dict[str, Any]) -> None:
    full = check_terms(1, terms)
    users = {
        name: spec for name, spec in parsed(blueprint(full, placed(full))).items() if isinstance(spec, UserSpec)
    }
    assert users.keys() == {"owner", "writer", "restore", "probe"}
    assert users["owner"].quota_bytes == terms["quota_gib"] * GIB
    assert users["owner"].max_buckets == len(terms["archives"])
    assert {users[name].max_buckets for name in ("writer", "restore", "probe")} == {-1}


@given(valid_terms)
def test_the_quota_is_held_whole_on_each_site(terms: dict[str, Any]) -> None:
    full = check_terms(1, terms)
    placement = placed(full)
    manifest = blueprint(full, placement)
    held = {(need.platform, need.site, need.resource): need.amount for need in manifest.needs}
    assert len(held) == len(manifest.needs) == terms["copies"]
    assert held == {("ceph-marche", site, "storage_gib"): terms["quota_gib"] for site in placement.sites}
    assert storage(full) == Storage(terms["quota_gib"], (terms["copies"],))


@given(valid_terms)
def test_every_name_is_one_that_every_platform_takes(terms: dict[str, Any]) -> None:
    full = check_terms(1, terms)
    manifest = blueprint(full, placed(full))
    assert len({desired.name for desired in manifest.resources}) == len(manifest.resources)
    for desired in manifest.resources:
        marker = Marker("mcloud", "a" * 12, desired.name)
        assert len(full_name(marker)) <= LONGEST
        assert Marker.parse(str(marker)) == marker
    for spec in parsed(manifest).values():
        if isinstance(spec, BucketSpec):
            assert 3 <= len(bucket_name(spec, 99)) <= 63


@given(valid_terms, st.integers(1, 8192), archives)
def test_a_step_within_the_level_takes_nothing_away(
    terms: dict[str, Any], quota: int, more: list[dict[str, Any]]
) -> None:
    before = check_terms(1, terms)
    known = {archive["name"] for archive in terms["archives"]}
    added = [*terms["archives"], *(archive for archive in more if archive["name"] not in known)][:20]
    after = check_terms(1, {**terms, "quota_gib": max(quota, terms["quota_gib"]), "archives": added})
    old, new = blueprint(before, placed(before)), blueprint(after, placed(after))
    assert {desired.name for desired in old.resources} <= {desired.name for desired in new.resources}
    for desired in old.resources:
        same = new.get(desired.name)
        assert same is not None
        assert (same.kind, same.platform, same.retain) == (desired.kind, desired.platform, desired.retain)
        if desired.kind == "ceph.bucket":
            assert same.spec == desired.spec


def test_what_bears_data_and_what_restores_it_outlives_the_agreement() -> None:
    manifest = blueprint(RICH, TWO)
    kept = {desired.name for desired in manifest.resources if desired.retain}
    assert kept == {"owner-key", "restore-key", "archive-anagrafe", "archive-posta-e-protocollo", "archive-vm1"}


def test_the_owners_key_is_never_handed_out() -> None:
    assert set(LEVELS[1].credentials.values()) == {"writer-key", "restore-key"}
    manifest = blueprint(DEFAULTS, THREE)
    assert all(manifest.get(name) for name in LEVELS[1].credentials.values())
    assert [ref for ref in refs(manifest.get("archive-backup").spec) if ref == Ref("owner-key", "access_key")]  # type: ignore[union-attr]
