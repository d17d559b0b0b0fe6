"""Admin Ops on users, keys, quotas and caps, as `rgwadmin` calls them."""

import json
from dataclasses import replace

from lab.simulated import buckets, users
from lab.simulated.calls import Call
from lab.simulated.errors import Refused
from lab.simulated.users import Quota, User
from lab.simulated.web import Answer


def json_answer(content: object) -> Answer:
    """Compact JSON; RGW sends no content type with it."""
    return Answer(200, json.dumps(content, separators=(",", ":")).encode())


def need_cap(call: Call, cap: str, perm: str) -> None:
    """Refused AccessDenied unless the caller's own caps allow it."""
    if call.user is None or not call.user.may(cap, perm):
        raise Refused("AccessDenied")


def get_user(call: Call) -> Answer:
    need_cap(call, "users", "read")
    query = call.request.query
    if query.get("access-key") and not query.get("uid"):
        found = users.user_of_key(call.store, query["access-key"])
        if found is None:
            raise Refused("NoSuchUser")
        user = found
    else:
        if not query.get("uid"):
            raise Refused("InvalidArgument")
        user = users.get_user(call.store, query["uid"])
    shown = users.shown(call.store, user)
    if call.request.flag("stats"):
        mine = buckets.buckets_of(call.store, user.uid)
        total = (
            sum(one.size for one in mine),
            sum(one.size_actual for one in mine),
            sum(one.objects for one in mine),
        )
        # RGW keeps no utilized figure for a user (recorded).
        shown["stats"] = buckets.stats_shown(*total) | {"size_utilized": 0, "size_kb_utilized": 0}
    return json_answer(shown)


def create_user(call: Call) -> Answer:
    """Refused UserAlreadyExists for a known uid, whatever else is the same; KeyExists for somebody else's key."""
    need_cap(call, "users", "write")
    query = call.request.query
    uid = _uid(call)
    if not query.get("display-name"):
        raise Refused("InvalidArgument")
    if users.find_user(call.store, uid):
        raise Refused("UserAlreadyExists")
    user = User(uid=uid, display_name=query["display-name"], caps=users.caps_of(query.get("user-caps", "")))
    user = _changed(call, user)
    users.save_user(call.store, user)
    _keys_asked(call, uid, default=True)
    return json_answer(users.shown(call.store, user))


def modify_user(call: Call) -> Answer:
    need_cap(call, "users", "write")
    user = _changed(call, _user(call))
    if "user-caps" in call.request.query:
        user = replace(user, caps=users.caps_of(call.request.query["user-caps"]))
    users.save_user(call.store, user)
    _keys_asked(call, user.uid, default=False)
    return json_answer(users.shown(call.store, user))


def _changed(call: Call, user: User) -> User:
    """`user` with what the query names; everything else stays."""
    query = call.request.query
    if "display-name" in query:
        user = replace(user, display_name=query["display-name"])
    if "email" in query:
        user = replace(user, email=query["email"])
    if "suspended" in query:
        user = replace(user, suspended=call.request.flag("suspended"))
    if "max-buckets" in query:
        user = replace(user, max_buckets=_integer(query["max-buckets"]))
    return user


def _keys_asked(call: Call, uid: str, default: bool) -> None:
    query = call.request.query
    if not query.get("access-key") and not call.request.flag("generate-key", default):
        return
    access_key = query.get("access-key") or users.new_access_key()
    users.add_key(call.store, uid, access_key, query.get("secret-key") or users.new_secret_key())


def delete_user(call: Call) -> Answer:
    """Refused (BucketAlreadyExists: recorded) while buckets exist; with purge-data everything is destroyed."""
    need_cap(call, "users", "write")
    user = _user(call)
    mine = buckets.buckets_of(call.store, user.uid)
    if mine and not call.request.flag("purge-data"):
        raise Refused("BucketAlreadyExists")
    for bucket in mine:
        buckets.purge_bucket(call.store, bucket)
    call.store.run("DELETE FROM keys WHERE uid = ?", user.uid)
    call.store.run("DELETE FROM users WHERE uid = ?", user.uid)
    return Answer()


def create_key(call: Call) -> Answer:
    need_cap(call, "users", "write")
    user = _user(call)
    _keys_asked(call, user.uid, default=True)
    return json_answer(users.keys_shown(call.store, user.uid))


def remove_key(call: Call) -> Answer:
    """Refused InvalidAccessKeyId when this user has no such key (any more)."""
    need_cap(call, "users", "write")
    user = _user(call)
    access_key = call.request.query.get("access-key", "")
    if not call.store.run("DELETE FROM keys WHERE access_key = ? AND uid = ?", access_key, user.uid):
        raise Refused("InvalidAccessKeyId")
    return Answer()


def get_quota(call: Call) -> Answer:
    need_cap(call, "users", "read")
    user = _user(call)
    both = {"bucket_quota": user.bucket_quota.shown(), "user_quota": user.user_quota.shown()}
    kind = call.request.query.get("quota-type", "")
    return json_answer(both[f"{kind}_quota"] if kind in ("user", "bucket") else both)


def put_quota(call: Call) -> Answer:
    """Only what the query names changes; KiB come in, bytes are kept."""
    need_cap(call, "users", "write")
    user = _user(call)
    kind = call.request.query.get("quota-type", "")
    if kind == "user":
        users.save_user(call.store, replace(user, user_quota=_quota(call, user.user_quota)))
    elif kind == "bucket":
        users.save_user(call.store, replace(user, bucket_quota=_quota(call, user.bucket_quota)))
    else:
        raise Refused("InvalidArgument")
    return Answer()


def _quota(call: Call, quota: Quota) -> Quota:
    query = call.request.query
    if "max-size-kb" in query:
        kib = _integer(query["max-size-kb"])
        quota = replace(quota, max_size=kib * 1024 if kib >= 0 else -1)
    if "max-objects" in query:
        quota = replace(quota, max_objects=_integer(query["max-objects"]))
    if "enabled" in query:
        quota = replace(quota, enabled=call.request.flag("enabled"))
    return quota


_ACCESS = {"read": "read", "write": "write", "readwrite": "read-write", "full": "full-control"}


def create_subuser(call: Call) -> Answer:
    """Of one that is there, the access stays as it is and the secret is set again (recorded)."""
    need_cap(call, "users", "write")
    query, user = call.request.query, _user(call)
    name = query["subuser"].rpartition(":")[2]
    access = user.subusers.get(name, {}).get("access") or _ACCESS.get(query.get("access", ""), "<none>")
    secret = query.get("secret-key") if query.get("access-key") else None
    made = {"access": access, "secret": secret or users.new_secret_key()}
    user = replace(user, subusers={**user.subusers, name: made})
    users.save_user(call.store, user)
    return json_answer(users.subusers_shown(user))


def remove_subuser(call: Call) -> Answer:
    """Its secret goes with it, purge-keys or not (recorded)."""
    need_cap(call, "users", "write")
    user = _user(call)
    name = call.request.query["subuser"].rpartition(":")[2]
    if name not in user.subusers:
        raise Refused("NoSuchSubUser")
    left = {known: one for known, one in user.subusers.items() if known != name}
    users.save_user(call.store, replace(user, subusers=left))
    return Answer()


def add_caps(call: Call) -> Answer:
    """Yes: whoever has `users=write` can give caps, to itself too. The real gateway is the same (recorded)."""
    need_cap(call, "users", "write")
    user = _user(call)
    given = users.caps_of(call.request.query.get("user-caps", ""))
    user = replace(user, caps={**user.caps, **given})
    users.save_user(call.store, user)
    return json_answer(users.caps_shown(user))


def remove_caps(call: Call) -> Answer:
    need_cap(call, "users", "write")
    user = _user(call)
    taken = users.caps_of(call.request.query.get("user-caps", ""))
    user = replace(user, caps={kind: perm for kind, perm in user.caps.items() if kind not in taken})
    users.save_user(call.store, user)
    return json_answer(users.caps_shown(user))


def _user(call: Call) -> User:
    """The user named by `uid`; where there is none, the owner of the `access-key` in the same call.

    Recorded, and a trap: a call for a user that vanished can strike another one that has the key.
    """
    user = users.find_user(call.store, _uid(call))
    if user is None and call.request.query.get("access-key"):
        user = users.user_of_key(call.store, call.request.query["access-key"])
    if user is None:
        raise Refused("NoSuchUser")
    return user


def _uid(call: Call) -> str:
    uid = call.request.query.get("uid", "")
    if not uid:
        raise Refused("AccessDenied")
    return uid


def _integer(given: str) -> int:
    try:
        return int(given)
    except ValueError:
        raise Refused("InvalidArgument") from None
