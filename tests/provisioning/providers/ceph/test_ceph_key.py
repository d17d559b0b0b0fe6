"""Keys of an identity: the secret is the proof."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent, Present
from provisioning.kinds.ceph import KeySpec
from tests.provisioning.providers.battery import Battery, ChangeableBattery, differs
from tests.provisioning.providers.ceph.town import Town, new_secrets


class TestKey(Battery):
    kind = "ceph.key"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("key", KeySpec(town.make_user("writer", max_buckets=1)), secrets=new_secrets())

    def take_name(self, town: Town, target: Target) -> None:
        access_key = target.secrets["access_key"].reveal()
        town.outside.create_key(
            uid=target.spec.user, access_key=access_key, secret_key="another", generate_key=False
        )

    def test_a_secret_altered_behind_our_back_is_no_longer_ours(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        handler.create(target)
        self.take_name(town, target)
        seen = handler.observe(target)
        assert isinstance(seen, Present)
        assert not seen.ours
        with pytest.raises(PermanentError):
            handler.update(target, {"user": "x"})

    def test_it_opens_the_door_until_it_is_removed(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        client = town.s3(dict(target.secrets))
        assert client.list_buckets()["Buckets"] == []
        handler.delete(self.recorded(target, made.external_id))
        with pytest.raises(ClientError):
            client.list_buckets()

    def test_another_identity_cannot_have_the_same_access_key(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        handler.create(target)
        other = replace(target, spec=KeySpec(town.make_user("probe")))
        with pytest.raises(AlreadyExists):
            handler.create(other)

    def test_without_its_user_it_is_absent(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        town.outside.remove_user(uid=target.spec.user)
        recorded = self.recorded(target, made.external_id)
        assert handler.observe(recorded) == Absent()
        handler.delete(recorded)

    def test_before_its_secrets_are_made_it_is_absent(self, handler: Handler, target: Target) -> None:
        assert handler.observe(replace(target, secrets={})) == Absent()


class TestKeyWithSwift(ChangeableBattery):
    """The same, and a subuser that may read, whatever it is for."""

    kind = "ceph.key"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("key", KeySpec(town.make_user("writer"), swift=True), secrets=new_secrets())

    def take_name(self, town: Town, target: Target) -> None:
        access_key = target.secrets["access_key"].reveal()
        town.outside.create_key(
            uid=target.spec.user, access_key=access_key, secret_key="another", generate_key=False
        )

    def spoil(self, town: Town, target: Target) -> None:
        """It may do everything: what the policy refuses it would be granted as an object's owner."""
        access_key = target.secrets["access_key"].reveal()
        words = {"uid": target.spec.user, "subuser": access_key}
        town.outside.remove_subuser(**words, purge_keys=False)
        secret = {"access_key": access_key, "secret_key": target.secrets["secret_key"].reveal()}
        town.outside.create_subuser(**words, access="full", key_type="swift", **secret)

    def test_it_comes_and_goes_beside_the_key(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        recorded = self.recorded(target, made.external_id)
        without = replace(recorded, spec=KeySpec(target.spec.user))
        assert differs(without, handler.observe(without)) == {"swift": False}
        handler.update(without, {"swift": False})
        assert differs(without, handler.observe(without)) == {}
        assert subusers(town, target) == []
        handler.update(recorded, {"swift": True})
        assert differs(recorded, handler.observe(recorded)) == {}
        assert town.s3(dict(target.secrets)).list_buckets()["Buckets"] == []

    def test_nothing_of_it_outlives_the_key(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        handler.delete(self.recorded(target, made.external_id))
        assert subusers(town, target) == []


def subusers(town: Town, target: Target) -> list[str]:
    found = town.outside.get_user(uid=target.spec.user)
    return [one["id"] for one in found["subusers"]] + [one["user"] for one in found["swift_keys"]]
