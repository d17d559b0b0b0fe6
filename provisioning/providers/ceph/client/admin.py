"""RGW's Admin Ops as far as the portal uses them: identities, keys, quotas, and a look at buckets."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from provisioning.domain.errors import AlreadyExists, PermanentError
from provisioning.domain.secrets import Secret
from provisioning.kinds.ceph import KIB
from provisioning.providers.ceph.client.credentials import Credentials
from provisioning.providers.ceph.client.errors import CEPH

PAGE: Final = 1000
T = TypeVar("T")


@dataclass(frozen=True)
class Subuser:
    """A way into the Swift API; `access` as RGW words it (`read`, `full-control`, …)."""

    access: str
    secret: Secret | None


@dataclass(frozen=True)
class RgwUser:
    """An identity. Quotas in bytes, None for none; `keys` are access key -> secret; `subusers` by their name."""

    uid: str
    display_name: str
    suspended: bool
    max_buckets: int
    quota_bytes: int | None
    bucket_quota_bytes: int | None
    keys: Mapping[str, Secret] = field(default_factory=dict)
    subusers: Mapping[str, Subuser] = field(default_factory=dict)


@dataclass(frozen=True)
class RgwBucket:
    """A bucket; `id` is new for each bucket that ever had this name. Old versions count in `size` (bytes)."""

    id: str
    tenant: str
    name: str
    owner: str
    placement_target: str
    size: int
    objects: int


class Admin:
    """One gateway's Admin Ops. Every method raises what `errors.TABLE` says."""

    def __init__(self, url: str, credentials: Callable[[], Credentials], ca_file: str | None) -> None:
        self._url = urlsplit(url)
        self._credentials = credentials
        self._ca_file = ca_file

    def user(self, uid: str) -> RgwUser:
        """NotThere (NoSuchUser) when there is none."""
        doing = f"reading the user {uid}"
        return self._user(doing, uid, self._call(doing, "get_user", uid=uid))

    def create_user(self, uid: str, display_name: str, max_buckets: int, suspended: bool) -> None:
        """Without a key. AlreadyExists."""
        words = {"display_name": display_name, "max_buckets": max_buckets, "suspended": suspended}
        self._call(f"creating the user {uid}", "create_user", uid=uid, generate_key=False, **words)

    def modify_user(self, uid: str, max_buckets: int, suspended: bool) -> None:
        """Both at once: either may be what differs."""
        words = {"max_buckets": max_buckets, "suspended": suspended}
        self._call(f"changing the user {uid}", "modify_user", uid=uid, key_type=None, **words)

    def set_quota(self, uid: str, quota_type: str, size: int | None) -> None:
        """`quota_type`: `user` (all it owns) or `bucket` (each it owns). Bytes, whole KiB; None lifts it."""
        words: dict[str, Any] = {"enabled": False}
        if size is not None:
            words = {"enabled": True, "max_size_kb": size // KIB, "max_objects": -1}
        self._call(f"setting a quota of {uid}", "set_user_quota", uid=uid, quota_type=quota_type, **words)

    def remove_user(self, uid: str) -> None:
        """NotThere when it is gone; PermanentError NotEmpty while it owns buckets (RGW says "bucket exists")."""
        try:
            self._call(f"removing the user {uid}", "remove_user", uid=uid)
        except AlreadyExists:
            raise PermanentError(
                f"The user {uid} still owns buckets; they must be removed first.", reason="NotEmpty"
            ) from None

    def create_key(self, uid: str, access_key: str, secret_key: Secret) -> None:
        """AlreadyExists when another user has that access key; the same user's is overwritten by RGW."""
        pair = {"access_key": access_key, "secret_key": secret_key.reveal()}
        self._call(f"creating a key of {uid}", "create_key", uid=uid, generate_key=False, **pair)

    def remove_key(self, uid: str, access_key: str) -> None:
        """PermanentError Forbidden (InvalidAccessKeyId) when it is gone: look first."""
        self._call(f"removing a key of {uid}", "remove_key", uid=uid, access_key=access_key)

    def create_reader(self, uid: str, name: str, secret_key: Secret) -> None:
        """A subuser that may read, and beside that what policies allow; not whatever else the Swift API offers to
        an object's owner. Repeating it sets the secret again and leaves the access as it was.
        """
        # The library sends the secret only beside an access key, which RGW has no use for here.
        secret = {"access_key": name, "secret_key": secret_key.reveal()}
        words = {"subuser": name, "access": "read", "key_type": "swift", **secret}
        self._call(f"creating a subuser of {uid}", "create_subuser", uid=uid, **words)

    def remove_subuser(self, uid: str, name: str) -> None:
        """Its secret goes with it (RGW 16). NotThere when it is gone."""
        self._call(f"removing a subuser of {uid}", "remove_subuser", uid=uid, subuser=name, purge_keys=False)

    def bucket(self, tenant: str, name: str) -> RgwBucket:
        """NotThere (NoSuchBucket) when there is none."""
        doing = f"reading the bucket {tenant}/{name}"
        return _bucket(doing, self._call(doing, "get_bucket", bucket=f"{tenant}/{name}", stats=True))

    def buckets_of(self, uid: str) -> list[RgwBucket]:
        """All that the user owns."""
        doing = f"listing the buckets of {uid}"
        found = self._call(doing, "get_bucket", uid=uid, stats=True)
        if not isinstance(found, list):
            raise CEPH.unusable(doing, "was no list")
        return [_bucket(doing, one) for one in found]

    def uids(self, page: int = PAGE) -> Iterator[str]:
        """Every user of the gateway, by page."""
        marker: str | None = None
        doing = "listing the users"
        while True:
            found = self._call(doing, "get_metadata", metadata_type="user", max_entries=page, marker=marker)
            yield from _get(doing, found, "keys", list)
            if str(_get(doing, found, "truncated", (str, bool))).lower() != "true":
                return
            marker = _get(doing, found, "marker", str)

    def answer(self) -> None:
        """The cheapest call that goes through the gateway to RADOS and back."""
        self._call("asking for a sign of life", "get_metadata", metadata_type="user", max_entries=1)

    def _user(self, doing: str, uid: str, found: Any) -> RgwUser:
        keys = [
            (_get(doing, k, "access_key", str), _get(doing, k, "secret_key", str))
            for k in _get(doing, found, "keys", list)
        ]
        return RgwUser(
            uid=uid,
            display_name=_get(doing, found, "display_name", str),
            suspended=bool(_get(doing, found, "suspended", (int, bool))),
            max_buckets=_get(doing, found, "max_buckets", int),
            quota_bytes=_quota(doing, _get(doing, found, "user_quota", dict)),
            bucket_quota_bytes=_quota(doing, _get(doing, found, "bucket_quota", dict)),
            keys={access: Secret(secret) for access, secret in keys},
            subusers=_subusers(doing, found),
        )

    def _call(self, doing: str, method: str, **words: Any) -> Any:
        from provisioning.providers.ceph.client.rgw import connect

        mine = self._credentials()
        secure = self._url.scheme == "https"
        sdk = connect(self._url.netloc, secure, mine.access_key, mine.secret_key.reveal(), self._ca_file)
        sdk.doing = doing
        return getattr(sdk, method)(**words)


def _get(doing: str, found: Any, name: str, kind: type | tuple[type, ...]) -> Any:
    """A field that must be there, of its type: half an answer is no answer."""
    if not isinstance(found, dict) or not isinstance(found.get(name), kind):
        raise CEPH.unusable(doing, f"lacks {name}")
    return found[name]


def _subusers(doing: str, found: Any) -> dict[str, Subuser]:
    """RGW names them `uid:name`."""
    secrets = {
        _get(doing, one, "user", str): Secret(_get(doing, one, "secret_key", str))
        for one in _get(doing, found, "swift_keys", list)
    }
    access = {
        _get(doing, one, "id", str): _get(doing, one, "permissions", str)
        for one in _get(doing, found, "subusers", list)
    }
    return {
        id.rpartition(":")[2]: Subuser(access.get(id, ""), secrets.get(id)) for id in sorted({*access, *secrets})
    }


def _quota(doing: str, found: Any) -> int | None:
    size = _get(doing, found, "max_size", int)
    return size if _get(doing, found, "enabled", bool) and size >= 0 else None


def _bucket(doing: str, found: Any) -> RgwBucket:
    usage = _get(doing, found, "usage", dict).get("rgw.main", {})
    return RgwBucket(
        id=_get(doing, found, "id", str),
        tenant=_get(doing, found, "tenant", str),
        name=_get(doing, found, "bucket", str),
        owner=_get(doing, found, "owner", str),
        placement_target=_get(doing, found, "placement_rule", str).partition("/")[0],
        size=int(usage.get("size", 0)),
        objects=int(usage.get("num_objects", 0)),
    )
