"""Users with their caps and quotas, a document each; keys apart, so that a caller is found fast."""

import json
import secrets
import sqlite3
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from lab.simulated.errors import Refused
from lab.simulated.store import Store

CAP_TYPES = (
    "users",
    "buckets",
    "usage",
    "metadata",
    "info",
    "zone",
    "bilog",
    "mdlog",
    "datalog",
    "opstate",
    "roles",
)
PERMS = {"*": frozenset({"read", "write"}), "read": frozenset({"read"}), "write": frozenset({"write"})}


@dataclass(frozen=True)
class Quota:
    """Bytes and objects, -1 for no limit; counts only when enabled."""

    enabled: bool = False
    max_size: int = -1
    max_objects: int = -1

    def shown(self) -> dict[str, object]:
        kib = self.max_size // 1024 if self.max_size > 0 else 0
        size, objects = self.max_size, self.max_objects
        return {
            "enabled": self.enabled, "check_on_raw": False, "max_size": size, "max_size_kb": kib,
            "max_objects": objects,
        }  # fmt: skip


@dataclass(frozen=True)
class User:
    """One RGW user; `uid` is `tenant$id`, or the bare id where there is no tenant."""

    uid: str
    display_name: str
    email: str = ""
    suspended: bool = False
    max_buckets: int = 1000
    caps: Mapping[str, str] = field(default_factory=dict)
    user_quota: Quota = Quota()
    bucket_quota: Quota = Quota()
    subusers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # name -> access and secret

    @property
    def tenant(self) -> str:
        return split_uid(self.uid)[0]

    def may(self, cap: str, perm: str) -> bool:
        """Admin Ops capability: `users`, `buckets`, … with `read` or `write`."""
        return perm in PERMS.get(self.caps.get(cap, ""), frozenset())


def split_uid(uid: str) -> tuple[str, str]:
    """(tenant, id)."""
    tenant, dollar, name = uid.partition("$")
    return (tenant, name) if dollar else ("", uid)


def find_user(store: Store, uid: str) -> User | None:
    row = store.one("SELECT uid, doc FROM users WHERE uid = ?", uid)
    return _loaded(row) if row else None


def get_user(store: Store, uid: str) -> User:
    """The user; Refused NoSuchUser."""
    user = find_user(store, uid)
    if user is None:
        raise Refused("NoSuchUser")
    return user


def user_of_key(store: Store, access_key: str) -> User | None:
    row = store.one(
        "SELECT users.uid, doc FROM keys JOIN users ON users.uid = keys.uid WHERE access_key = ?", access_key
    )
    return _loaded(row) if row else None


def secret_of(store: Store, access_key: str) -> str | None:
    row = store.one("SELECT secret_key FROM keys WHERE access_key = ?", access_key)
    return str(row["secret_key"]) if row else None


def save_user(store: Store, user: User) -> None:
    doc = asdict(replace(user, caps=dict(user.caps), subusers=dict(user.subusers)))
    store.run(
        "INSERT INTO users VALUES (?, ?) ON CONFLICT (uid) DO UPDATE SET doc = excluded.doc",
        user.uid,
        json.dumps(doc),
    )


def add_key(store: Store, uid: str, access_key: str, secret_key: str) -> None:
    """Add or overwrite a key of this user; Refused KeyExists when it is somebody else's."""
    row = store.one("SELECT uid FROM keys WHERE access_key = ?", access_key)
    if row and row["uid"] != uid:
        raise Refused("KeyExists")
    store.run(
        "INSERT INTO keys VALUES (?, ?, ?) ON CONFLICT (access_key) DO UPDATE SET secret_key = excluded.secret_key",
        access_key, uid, secret_key,
    )  # fmt: skip


def keys_shown(store: Store, uid: str) -> list[dict[str, str]]:
    rows = store.all("SELECT access_key, secret_key FROM keys WHERE uid = ? ORDER BY access_key", uid)
    return [{"user": uid, "access_key": row["access_key"], "secret_key": row["secret_key"]} for row in rows]


def caps_shown(user: User) -> list[dict[str, str]]:
    return [{"type": kind, "perm": perm} for kind, perm in sorted(user.caps.items())]


def subusers_shown(user: User) -> list[dict[str, str]]:
    return [
        {"id": f"{user.uid}:{name}", "permissions": one["access"]} for name, one in sorted(user.subusers.items())
    ]


def caps_of(text: str) -> dict[str, str]:
    """`users=*;buckets=read` as a mapping; Refused InvalidCap."""
    found = {}
    for part in filter(None, text.split(";")):
        kind, _, perm = (piece.strip() for piece in part.partition("="))
        perm = "*" if perm.replace(" ", "") in ("read,write", "write,read") else perm
        if kind not in CAP_TYPES or perm not in PERMS:
            raise Refused("InvalidCap")
        found[kind] = perm
    return found


def new_access_key() -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(20))


def new_secret_key() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(40))


def shown(store: Store, user: User) -> dict[str, object]:
    """The document of Admin Ops' `user info`, every field of 16.2.15 in its order."""
    tenant, name = split_uid(user.uid)
    return {
        "tenant": tenant,
        "user_id": name,
        "display_name": user.display_name,
        "email": user.email,
        "suspended": int(user.suspended),
        "max_buckets": user.max_buckets,
        "subusers": subusers_shown(user),
        "keys": keys_shown(store, user.uid),
        "swift_keys": [
            {"user": f"{user.uid}:{name}", "secret_key": one["secret"]}
            for name, one in sorted(user.subusers.items())
        ],
        "caps": caps_shown(user),
        "op_mask": "read, write, delete",
        "system": "false",
        "admin": "false",
        "default_placement": "",
        "default_storage_class": "",
        "placement_tags": [],
        "bucket_quota": user.bucket_quota.shown(),
        "user_quota": user.user_quota.shown(),
        "temp_url_keys": [],
        "type": "rgw",
        "mfa_ids": [],
    }


def _loaded(row: sqlite3.Row) -> User:
    doc = json.loads(row["doc"])
    doc["user_quota"], doc["bucket_quota"] = Quota(**doc["user_quota"]), Quota(**doc["bucket_quota"])
    return User(**doc)
