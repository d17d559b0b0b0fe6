"""A town on a region: its tenant, its owner, writer and restore keys, and a bucket `backup` with their policy."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.lab.contract.place import RESTORE_MAY, WRITER_MAY, WRITER_MAY_NOT, Place, policy_of
from tests.lab.contract.wire import Keys

# The real gateway reads quotas again every 2 s; a loaded machine may take longer.
DEADLINE_S = 20


@dataclass(frozen=True)
class Town:
    """`owner`, `writer` and `restore` are boto3 clients with those keys."""

    tenant: str
    place: Place
    owner: Any
    writer: Any
    restore: Any

    def uid(self, user: str) -> str:
        return f"{self.tenant}${user}"


@contextmanager
def town_on(place: Place, *, lock: bool = False) -> Iterator[Town]:
    """Made with the portal's keys as the product makes it; removed with all it holds."""
    admin, tenant = place.admin(), f"town{secrets.token_hex(5)}"
    clients = {}
    for user, buckets in (("owner", 5), ("writer", -1), ("restore", -1)):
        keys = Keys(secrets.token_hex(10).upper(), secrets.token_hex(20))
        admin.create_user(
            uid=f"{tenant}${user}",
            display_name=user,
            max_buckets=buckets,
            access_key=keys.access_key,
            secret_key=keys.secret_key,
            generate_key=False,
        )
        clients[user] = place.s3(keys)
    town = Town(tenant, place, clients["owner"], clients["writer"], clients["restore"])
    try:
        _make_bucket(town, lock)
        yield town
    finally:
        for user in ("owner", "writer", "restore"):
            admin.remove_user(uid=town.uid(user), purge_data=True)


def _make_bucket(town: Town, lock: bool) -> None:
    location = {"LocationConstraint": ":three-sites"}
    town.owner.create_bucket(Bucket="backup", CreateBucketConfiguration=location, ObjectLockEnabledForBucket=lock)
    if not lock:
        town.owner.put_bucket_versioning(Bucket="backup", VersioningConfiguration={"Status": "Enabled"})
    allow = {"writer": WRITER_MAY, "restore": RESTORE_MAY}
    policy = policy_of(town.tenant, "backup", allow, {"writer": WRITER_MAY_NOT})
    town.owner.put_bucket_policy(Bucket="backup", Policy=policy)


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[int, str]:
    """(status, code) of the refusal; an AssertionError when the call is not refused."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    raise AssertionError(f"not refused: {answer}")


def becomes_refused(call: Callable[..., Any], **arguments: Any) -> tuple[int, str]:
    """As `refused`, for what the real gateway enforces with a delay: tried again until the deadline."""
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            return refused(call, **arguments)
        except AssertionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
