"""Identities of an authority's RGW tenant."""

import pytest

from provisioning.domain.errors import PermanentError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent
from provisioning.kinds.ceph import UserSpec
from tests.provisioning.providers.battery import ChangeableBattery, differs, present
from tests.provisioning.providers.ceph.town import Town

GIB = 2**30


class TestUser(ChangeableBattery):
    kind = "ceph.user"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("owner", UserSpec("owner", 3, quota_bytes=5 * GIB, bucket_quota_bytes=GIB))

    def spoil(self, town: Town, target: Target) -> None:
        town.outside.set_user_quota(uid=f"{town.tenant}$owner", quota_type="user", enabled=False)

    def take_name(self, town: Town, target: Target) -> None:
        town.outside.create_user(uid=f"{town.tenant}$owner", display_name="A stranger", generate_key=False)

    @pytest.mark.parametrize(
        "words",
        [
            {"max_buckets": -1},
            {"max_buckets": 7, "suspended": True},
            {"quota_bytes": 10_000},
            {"bucket_quota_bytes": 3 * GIB},
            {"quota_bytes": None, "bucket_quota_bytes": None},
        ],
        ids=str,
    )
    def test_a_new_shape_is_reached(
        self, town: Town, handler: Handler, target: Target, words: dict[str, int]
    ) -> None:
        handler.create(target)
        wanted = town.target("owner", UserSpec("owner", **words))
        handler.update(wanted, differs(wanted, handler.observe(wanted)))
        assert differs(wanted, handler.observe(wanted)) == {}

    def test_stopped_before_its_quotas_it_shows_a_difference(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        town.outside.create_user(
            uid=f"{town.tenant}$owner", display_name=str(target.marker), max_buckets=3, generate_key=False
        )
        assert set(differs(target, handler.observe(target))) == {"quota_bytes", "bucket_quota_bytes"}

    def test_no_key_comes_with_it(self, town: Town, handler: Handler, target: Target) -> None:
        handler.create(target)
        assert town.outside.get_user(uid=f"{town.tenant}$owner")["keys"] == []

    def test_one_that_owns_a_bucket_is_not_removed(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        town.s3(town.make_key(f"{town.tenant}$owner")).create_bucket(Bucket="data")
        with pytest.raises(PermanentError) as refused:
            handler.delete(self.recorded(target, made.external_id))
        assert refused.value.reason == "NotEmpty"
        assert present(handler.observe(target))

    def test_an_orphan_known_by_its_uid_alone_is_seen_and_removed(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        made = handler.create(target)
        orphan = self.recorded(town.target("owner", UserSpec()), made.external_id)
        assert present(handler.observe(orphan)).external_id == made.external_id
        handler.delete(orphan)
        assert handler.observe(orphan) == Absent()
