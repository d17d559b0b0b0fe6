"""The door: what a gateway reads, with the key of whoever logs in, and nobody reads otherwise."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from gateway.login import Refused, Storage, archives
from provisioning.domain.errors import PermanentError, TemporaryError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.secrets import Secret
from provisioning.kinds.ceph import DOOR, GATEWAYS, DoorSpec
from tests.provisioning.providers.battery import ChangeableBattery, differs
from tests.provisioning.providers.ceph.town import Town

Keys = dict[str, Secret]


@pytest.fixture
def owner_key(town: Town) -> Keys:
    return town.make_key(town.make_user("owner", max_buckets=2))


class TestDoor(ChangeableBattery):
    kind = "ceph.door"

    @pytest.fixture
    def target(self, town: Town, owner_key: Keys) -> Target:
        uids = {role: f"{town.tenant}${role}" for role in ("owner", "writer", "restore")}
        spec = DoorSpec(
            **uids,
            owner_key=owner_key["access_key"].reveal(),
            placement_target="two-sites-an-pu",
            gateways=["sftp"],
            archives=["protocollo-2", "backup"],
        )
        return town.target("door", spec, ref_secrets={"owner_key": owner_key})

    def spoil(self, town: Town, target: Target) -> None:
        tags = {"TagSet": [{"Key": "archive/another", "Value": ""}]}
        town.s3(dict(target.ref_secrets["owner_key"])).put_bucket_tagging(Bucket=DOOR, Tagging=tags)

    def take_name(self, town: Town, target: Target) -> None:
        stranger = town.make_key(town.make_user("stranger", max_buckets=1))
        town.s3(stranger).create_bucket(Bucket=DOOR)

    @pytest.mark.parametrize(
        "call", ["delete_bucket_policy", "delete_public_access_block", "delete_bucket_tagging"]
    )
    def test_each_setting_taken_away_shows_and_is_mended(
        self, town: Town, handler: Handler, target: Target, call: str
    ) -> None:
        handler.create(target)
        getattr(town.s3(dict(target.ref_secrets["owner_key"])), call)(Bucket=DOOR)
        after = differs(target, handler.observe(target))
        assert len(after) == 1
        handler.update(target, after)
        assert differs(target, handler.observe(target)) == {}

    def test_what_cannot_change_is_refused(self, handler: Handler, target: Target) -> None:
        handler.create(target)
        with pytest.raises(PermanentError, match="placement_target"):
            handler.update(target, {"placement_target": "three-sites"})

    def test_without_the_owner_s_key_it_waits(self, handler: Handler, target: Target) -> None:
        with pytest.raises(TemporaryError, match="vault"):
            handler.create(replace(target, ref_secrets={}))

    def test_only_a_chosen_gateway_with_a_good_key_of_this_tenant_reads_it(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        handler.create(target)
        writer = town.make_key(town.make_user("writer"))
        probe = town.make_key(town.make_user("probe"))
        assert read(town, writer, GATEWAYS["sftp"]) == ["backup", "protocollo-2"]
        for key, agent in ((writer, GATEWAYS["webdav"]), (writer, "curl/8"), (probe, GATEWAYS["sftp"])):
            with pytest.raises(Refused, match="AccessDenied"):
                read(town, key, agent)
        with pytest.raises(Refused):
            read(town, writer | {"secret_key": Secret("wrong")}, GATEWAYS["sftp"])

    def test_nobody_but_the_owner_puts_anything_behind_it(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        handler.create(target)
        with pytest.raises(ClientError):
            town.s3(town.make_key(town.make_user("writer"))).put_object(Bucket=DOOR, Key="a", Body=b"")

    def test_the_census_knows_it_from_an_archive(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        found = {(s.kind, s.external_id) for s in town.provider.census() if f".{town.stack}." in s.marker}
        assert ("ceph.door", made.external_id) in found
        assert not [kind for kind, _ in found if kind == "ceph.bucket"]


def read(town: Town, key: Keys, agent: str) -> list[str]:
    """As the gateway does at a login."""
    storage = Storage(town.platform.endpoints["data"], "marche", agent)
    return archives(storage, key["access_key"].reveal(), key["secret_key"].reveal())
