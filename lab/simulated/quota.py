"""Quotas: the bucket's owner pays, whoever writes; old versions and unfinished uploads count; 4 KiB blocks."""

from lab.simulated.buckets import Bucket, rounded
from lab.simulated.errors import Refused
from lab.simulated.store import Store
from lab.simulated.users import Quota, User, find_user

_UNFINISHED = "SELECT SUM((parts.size + 4095) / 4096 * 4096) FROM parts JOIN uploads ON uploads.id = parts.upload"


def of_bucket(owner: User) -> Quota:
    """The quota of each of the owner's buckets: the user's default, where it is enabled."""
    return owner.bucket_quota if owner.bucket_quota.enabled else Quota()


def check(store: Store, bucket: Bucket, size: int, objects: int = 1) -> None:
    """Refused QuotaExceeded when `size` more bytes or `objects` more objects do not fit the user or the bucket."""
    owner = find_user(store, bucket.owner)
    if owner is None:
        return
    more = rounded(size)
    if owner.user_quota.enabled:
        row = store.one("SELECT SUM(size_actual), SUM(objects) FROM buckets WHERE owner = ?", owner.uid)
        used = int(row[0] or 0) if row else 0
        used += store.number(
            f"{_UNFINISHED} JOIN buckets ON buckets.id = uploads.bucket WHERE buckets.owner = ?", owner.uid
        )
        _check(owner.user_quota, used + more, int(row[1] or 0) + objects if row else objects)
    if owner.bucket_quota.enabled:
        used = store.number("SELECT size_actual FROM buckets WHERE id = ?", bucket.id)
        used += store.number(f"{_UNFINISHED} WHERE uploads.bucket = ?", bucket.id)
        held = store.number("SELECT objects FROM buckets WHERE id = ?", bucket.id)
        _check(owner.bucket_quota, used + more, held + objects)


def _check(quota: Quota, size: int, objects: int) -> None:
    if 0 <= quota.max_size < size or 0 <= quota.max_objects < objects:
        raise Refused("QuotaExceeded")
