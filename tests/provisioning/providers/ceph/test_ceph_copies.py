"""Two archives of one owner with different numbers of copies: each where it was put, and one space for both."""

from botocore.exceptions import ClientError

from lab.deadline import wait_until
from provisioning.domain.observation import Present
from tests.provisioning.providers.battery import differs
from tests.provisioning.providers.ceph.test_ceph_bucket import archive
from tests.provisioning.providers.ceph.town import Town

MIB = 2**20
TARGETS = {"backup": "three-sites", "foto": "two-sites-an-pu", "video": "two-sites-pu-mc"}


def test_each_stands_on_its_own_target_and_stays_there(town: Town) -> None:
    key = town.make_key(town.make_user("owner", max_buckets=len(TARGETS)))
    handler = town.provider.handlers["ceph.bucket"]
    wanted = {name: archive(town, key, bucket=name, placement_target=target) for name, target in TARGETS.items()}
    for target in wanted.values():
        handler.create(target)
    for name, target in wanted.items():
        seen = handler.observe(target)
        assert isinstance(seen, Present)
        assert seen.attributes["placement_target"] == TARGETS[name]
        assert differs(target, seen) == {}


def test_what_one_holds_the_other_has_no_room_for(town: Town) -> None:
    key = town.make_key(town.make_user("owner", max_buckets=2, quota_bytes=6 * MIB))
    for name in ("backup", "foto"):
        target = archive(town, key, bucket=name, placement_target=TARGETS[name])
        town.provider.handlers["ceph.bucket"].create(target)
    owner = town.s3(key)
    owner.put_object(Bucket="backup", Key="a", Body=b"x" * 5 * MIB)

    def refused() -> bool:
        try:
            owner.put_object(Bucket="foto", Key="b", Body=b"x" * 2 * MIB)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "QuotaExceeded"
            return True
        return False

    wait_until("the other archive full too", refused)  # a real gateway counts a moment later
