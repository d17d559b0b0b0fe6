"""Admin Ops calls of the recorded scenario."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.contract.scenario import Stage

JSON = {"format": "json"}
USER, BUCKET = "/admin/user", "/admin/bucket"


def create(stage: Stage, user: str, label: str, **more: str) -> None:
    keys = stage.keys[user]
    query = {
        **JSON, "uid": stage.uid(user), "display-name": f"The {user}", "access-key": keys.access_key,
        "secret-key": keys.secret_key, "generate-key": "False", **more,
    }  # fmt: skip
    stage.call("admin_create_user", label, "portal", "PUT", USER, query)


def play(stage: Stage) -> None:
    create(stage, "owner", "a new user with our keys", **{"max-buckets": "3"})
    create(stage, "owner", "the same user again")
    for user in ("writer", "restore"):
        create(stage, user, f"the {user}, who may have no bucket", **{"max-buckets": "-1"})
    create(stage, "stranger", "a user of another tenant")
    _users(stage)
    _keys(stage)
    _subusers(stage)
    _quotas(stage)
    _refusals(stage)
    _metadata(stage)


def _users(stage: Stage) -> None:
    owner = stage.uid("owner")
    taken = {**JSON, "uid": stage.uid("spare"), "display-name": "x", "access-key": stage.keys["owner"].access_key}
    stage.call(
        "admin_create_user", "somebody else's access key", "portal", "PUT", USER, taken | {"secret-key": "x"}
    )
    stage.call("admin_create_user", "no display name", "portal", "PUT", USER, {**JSON, "uid": stage.uid("spare")})
    stage.call("admin_create_user", "no uid", "portal", "PUT", USER, {**JSON, "display-name": "x"})
    stage.call("admin_get_user", "a user", "portal", "GET", USER, {**JSON, "uid": owner})
    stage.call("admin_get_user", "with figures", "portal", "GET", USER, {**JSON, "uid": owner, "stats": "True"})
    stage.call(
        "admin_get_user",
        "by access key",
        "portal",
        "GET",
        USER,
        JSON | {"access-key": stage.keys["owner"].access_key},
    )
    stage.call("admin_get_user", "unknown", "portal", "GET", USER, {**JSON, "uid": f"{stage.tenant}$nobody"})
    stage.call("admin_get_user", "no uid", "portal", "GET", USER, JSON)
    stage.call(
        "admin_modify_user", "another name", "portal", "POST", USER, {**JSON, "uid": owner, "display-name": "New"}
    )
    stage.call(
        "admin_modify_user", "suspended", "portal", "POST", USER, {**JSON, "uid": owner, "suspended": "True"}
    )
    stage.call("list_buckets", "by a suspended user", "owner", "GET", "/")
    stage.call("admin_modify_user", "resumed", "portal", "POST", USER, {**JSON, "uid": owner, "suspended": "False"})
    stage.call("admin_modify_user", "unknown", "portal", "POST", USER, {**JSON, "uid": f"{stage.tenant}$nobody"})
    caps = {"caps": "", **JSON, "uid": owner, "user-caps": "buckets=read"}
    stage.call("admin_add_caps", "a cap for a user", "portal", "PUT", USER, caps)
    stage.call("admin_remove_caps", "and away again", "portal", "DELETE", USER, caps)
    stage.call("admin_delete_user", "unknown", "portal", "DELETE", USER, {**JSON, "uid": f"{stage.tenant}$nobody"})


def _keys(stage: Stage) -> None:
    spare = stage.keys["spare"]
    second = {
        "key": "",
        **JSON,
        "uid": stage.uid("owner"),
        "access-key": spare.access_key,
        "secret-key": spare.secret_key,
    }
    other = {**second, "access-key": stage.keys["writer"].access_key}
    stage.call("admin_create_key", "a second key", "portal", "PUT", USER, second)
    stage.call("admin_create_key", "the same key again", "portal", "PUT", USER, second)
    stage.call("admin_create_key", "a key of another user", "portal", "PUT", USER, other)
    stage.call(
        "admin_create_key", "unknown user", "portal", "PUT", USER, {**second, "uid": f"{stage.tenant}$nobody"}
    )
    gone = {"key": "", **JSON, "uid": stage.uid("owner"), "access-key": spare.access_key, "key-type": "s3"}
    stage.call("admin_remove_key", "a key", "portal", "DELETE", USER, gone)
    stage.call("admin_remove_key", "the same key again", "portal", "DELETE", USER, gone)
    stage.call("list_buckets", "with a removed key", "spare", "GET", "/")


def _subusers(stage: Stage) -> None:
    """As `rgwadmin` asks for them: the secret goes only beside an access key."""
    owner = {**JSON, "uid": stage.uid("owner")}
    secret = {"access-key": "x", "secret-key": stage.keys["spare"].secret_key}
    made = {**owner, **secret, "subuser": "SUB", "key-type": "swift", "access": "read", "generate-secret": "False"}
    stage.call("admin_create_subuser", "a subuser with our secret", "portal", "PUT", USER, made)
    stage.call("admin_get_user", "with a subuser", "portal", "GET", USER, owner)
    stage.call("admin_create_subuser", "again, to do more", "portal", "PUT", USER, made | {"access": "full"})
    stage.call(
        "admin_create_subuser", "unknown user", "portal", "PUT", USER, made | {"uid": f"{stage.tenant}$nobody"}
    )
    gone = {**owner, "subuser": "SUB", "purge-keys": "False"}
    stage.call("admin_remove_subuser", "a subuser", "portal", "DELETE", USER, gone)
    stage.call("admin_get_user", "without it", "portal", "GET", USER, owner)
    stage.call("admin_remove_subuser", "the same subuser again", "portal", "DELETE", USER, gone)


def _quotas(stage: Stage) -> None:
    for kind in ("user", "bucket"):
        base = {"quota": "", **JSON, "uid": stage.uid("owner"), "quota-type": kind}
        stage.call("admin_get_quota", f"{kind}: never set", "portal", "GET", USER, base)
        limit = {**base, "max-size-kb": "102400", "enabled": "true"}
        stage.call("admin_put_quota", f"{kind}: 100 MiB", "portal", "PUT", USER, limit)
        stage.call("admin_get_quota", f"{kind}: as set", "portal", "GET", USER, base)
    base = {"quota": "", **JSON, "uid": stage.uid("owner")}
    stage.call("admin_get_quota", "both", "portal", "GET", USER, base)
    unknown = {**base, "uid": f"{stage.tenant}$nobody", "quota-type": "user"}
    stage.call("admin_get_quota", "unknown user", "portal", "GET", USER, unknown)
    stage.call("admin_put_quota", "unknown user", "portal", "PUT", USER, unknown | {"enabled": "true"})


def _refusals(stage: Stage) -> None:
    """What the portal's caps do not cover, and callers without any."""
    stage.call(
        "admin_get_user", "by a user without caps", "owner", "GET", USER, {**JSON, "uid": stage.uid("owner")}
    )
    stage.call("admin_get_user", "without a signature", "nobody", "GET", USER, {**JSON, "uid": stage.uid("owner")})
    purge = {**JSON, "bucket": f"{stage.tenant}/any", "purge-objects": "True"}
    stage.call("admin_delete_bucket", "a purge", "portal", "DELETE", BUCKET, purge)
    quota = {"quota": "", **JSON, "uid": stage.uid("owner"), "bucket": "any", "max-size-kb": "5"}
    stage.call("admin_put_bucket_quota", "one bucket's quota", "portal", "PUT", BUCKET, quota)
    trim = {**JSON, "uid": stage.uid("owner")}
    stage.call("admin_trim_usage", "usage thrown away", "portal", "DELETE", "/admin/usage", trim)


def _metadata(stage: Stage) -> None:
    where = "/admin/metadata/user"
    stage.call("admin_metadata_users", "all", "portal", "GET", where, JSON)
    page = stage.call("admin_metadata_users", "a page", "portal", "GET", where, {**JSON, "max-entries": "2"})
    rest = {**JSON, "max-entries": "1000", "marker": json.loads(page.body)["marker"]}
    stage.call("admin_metadata_users", "the rest", "portal", "GET", where, rest)
    stage.call("admin_metadata_users", "one", "portal", "GET", where, {**JSON, "key": stage.uid("writer")})
    stage.call("admin_metadata_users", "unknown", "portal", "GET", where, {**JSON, "key": f"{stage.tenant}$nobody"})


def play_end(stage: Stage) -> None:
    """What needs buckets to be there."""
    owner, name = stage.uid("owner"), f"{stage.tenant}/backup"
    stage.call("admin_get_bucket", "one", "portal", "GET", BUCKET, {**JSON, "bucket": name, "stats": "True"})
    stage.call("admin_get_bucket", "one without figures", "portal", "GET", BUCKET, {**JSON, "bucket": name})
    stage.call("admin_get_bucket", "unknown", "portal", "GET", BUCKET, {**JSON, "bucket": f"{stage.tenant}/none"})
    stage.call("admin_get_bucket", "names of a user's", "portal", "GET", BUCKET, {**JSON, "uid": owner})
    stage.call(
        "admin_get_bucket", "all of a user's", "portal", "GET", BUCKET, {**JSON, "uid": owner, "stats": "True"}
    )
    stage.call(
        "admin_get_bucket", "of an unknown user", "portal", "GET", BUCKET, {**JSON, "uid": f"{stage.tenant}$nobody"}
    )
    stage.call("admin_get_bucket", "by a user without caps", "owner", "GET", BUCKET, {**JSON, "uid": owner})
    stage.call("admin_metadata_buckets", "all", "portal", "GET", "/admin/metadata/bucket", JSON)
    usage = {**JSON, "uid": f"{stage.tenant}$nobody"}
    stage.call("admin_get_usage", "of an unknown user", "portal", "GET", "/admin/usage", usage)
    delete = {**JSON, "uid": owner, "purge-data": "False"}
    stage.call("admin_delete_user", "who still has buckets", "portal", "DELETE", USER, delete)
    stage.call(
        "admin_delete_user", "without buckets", "portal", "DELETE", USER, {**delete, "uid": stage.uid("writer")}
    )
