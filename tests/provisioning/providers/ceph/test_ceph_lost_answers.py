"""An answer may be lost after any call of a create; looking, then making or mending, always ends as declared."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from provisioning.domain.errors import AlreadyExists, TemporaryError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent
from provisioning.domain.plan import difference
from provisioning.domain.region import Platform, parse_region
from provisioning.kinds.ceph import BucketSpec, KeySpec, UserSpec
from provisioning.providers.ceph.provider import CephProvider
from tests.provisioning.providers.battery import present
from tests.provisioning.providers.ceph.town import Town, new_secrets


@pytest.fixture
def town(simulated_region: Path) -> Iterator[Town]:
    platform = parse_region(simulated_region.read_text()).platforms[0]
    yield Town(platform, CephProvider(platform), f"lost-{uuid.uuid4().hex[:8]}", None)
    _control(platform, "clear")


def _control(platform: Platform, verb: str, **words: Any) -> None:
    url = f"{platform.endpoints['api']}/control/{verb}"
    with urlopen(Request(url, json.dumps(words).encode(), method="POST"), timeout=5) as answer:
        assert answer.status == 200


def _user(town: Town) -> Target:
    return town.target("owner", UserSpec("owner", 3, quota_bytes=2**30, bucket_quota_bytes=2**20))


def _key(town: Town) -> Target:
    return town.target("key", KeySpec(town.make_user("writer")), secrets=new_secrets())


def _bucket(town: Town) -> Target:
    secrets = town.make_key(town.make_user("owner", max_buckets=2))
    roles = {role: f"{town.tenant}${role}" for role in ("owner", "writer", "restore", "probe")}
    spec = BucketSpec(
        bucket="backup",
        owner_key="k",
        placement_target="three-sites",
        retention_days=7,
        immutability="compliance",
        **roles,
    )
    return town.target("archive", spec, ref_secrets={"owner_key": secrets})


# Kind, its target, and how many calls its create makes at least.
CASES = [("ceph.user", _user, 4), ("ceph.key", _key, 2), ("ceph.bucket", _bucket, 8)]
LOST = [
    {"kind": "reset", "after": True},
    {"kind": "reset"},
    {"kind": "status", "status": 500, "after": True},
    {"kind": "html", "after": True},
]


@pytest.mark.parametrize("fault", LOST, ids=str)
@pytest.mark.parametrize(
    ("kind", "target_of", "number"),
    [(kind, target_of, n + 1) for kind, target_of, calls in CASES for n in range(calls)],
)
def test_a_create_cut_at_any_call_ends_as_declared(
    town: Town, kind: str, target_of: Callable[[Town], Target], number: int, fault: dict[str, Any]
) -> None:
    target = target_of(town)
    handler = town.provider.handlers[kind]
    _control(town.platform, "clear")
    _control(town.platform, "fault", **fault, call=number)
    with pytest.raises(TemporaryError):
        handler.create(target)
    for _ in range(3):
        seen = handler.observe(target)
        if isinstance(seen, Absent):
            _again(handler.create, target)
            continue
        after = difference(target.spec.declared(), present(seen).attributes)[1]
        if not after:
            break
        handler.update(target, after)
    assert difference(target.spec.declared(), present(handler.observe(target)).attributes)[1] == {}


def _again(create: Callable[[Target], Any], target: Target) -> None:
    try:
        create(target)
    except AlreadyExists:
        pytest.fail("It was absent a moment ago, and nobody else is here.")
