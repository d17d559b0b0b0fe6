"""Every route of the simulated region, one line each; the first that fits wins.

Each name has its recorded answer of the real gateway in `tests/lab/contract/recorded/<name>.json`; a test fails
for a route without one. `usage` is the category under which RGW's usage log counts the call.
"""

from dataclasses import dataclass
from enum import StrEnum

from lab.simulated import (
    admin_buckets,
    admin_users,
    locks,
    mon,
    s3_buckets,
    s3_lists,
    s3_multipart,
    s3_objects,
    s3_public,
    s3_settings,
)
from lab.simulated.calls import Handler
from lab.simulated.web import Request


class Scope(StrEnum):
    """What the path names."""

    SERVICE = "service"
    BUCKET = "bucket"
    OBJECT = "object"
    ADMIN = "admin"
    MON = "mon"
    CLOUD = "cloud"  # OpenStack, which has a table of its own


@dataclass(frozen=True)
class Route:
    """`path` is for ADMIN the part after `/admin/`; `needs` are query names and `header` one that must be there.

    `atomic` handlers run in one transaction; the others stream a body and open theirs themselves.
    `lists` marks the answers that Control can make lag behind.
    """

    name: str
    method: str
    scope: Scope
    handler: Handler
    needs: tuple[str, ...] = ()
    path: str = ""
    header: str = ""
    usage: str = ""
    atomic: bool = True
    lists: bool = False

    @property
    def writes_whole(self) -> bool:
        """It writes what the path names, not a part of it."""
        return self.method != "GET" and not self.needs and self.scope in (Scope.BUCKET, Scope.OBJECT)


# One letter each keeps a route on a line.
S, B, O, A = Scope.SERVICE, Scope.BUCKET, Scope.OBJECT, Scope.ADMIN  # noqa: E741

ROUTES: tuple[Route, ...] = (
    Route("list_buckets", "GET", S, s3_buckets.list_buckets, usage="list_buckets", lists=True),
    Route("get_location", "GET", B, s3_buckets.get_location, ("location",), usage="get_bucket_location"),
    Route("get_bucket_acl", "GET", B, s3_buckets.get_bucket_acl, ("acl",), usage="get_acls"),
    Route("get_versioning", "GET", B, s3_settings.get_versioning, ("versioning",), usage="get_bucket_versioning"),
    Route("put_versioning", "PUT", B, s3_settings.put_versioning, ("versioning",), usage="set_bucket_versioning"),
    Route(
        "get_object_lock", "GET", B, s3_settings.get_object_lock, ("object-lock",), usage="get_bucket_object_lock"
    ),
    Route(
        "put_object_lock", "PUT", B, s3_settings.put_object_lock, ("object-lock",), usage="put_bucket_object_lock"
    ),
    Route("get_lifecycle", "GET", B, s3_settings.get_lifecycle, ("lifecycle",), usage="get_lifecycle"),
    Route("put_lifecycle", "PUT", B, s3_settings.put_lifecycle, ("lifecycle",), usage="put_lifecycle"),
    Route("delete_lifecycle", "DELETE", B, s3_settings.delete_lifecycle, ("lifecycle",), usage="delete_lifecycle"),
    Route("get_policy", "GET", B, s3_settings.get_policy, ("policy",), usage="get_bucket_policy"),
    Route("put_policy", "PUT", B, s3_settings.put_policy, ("policy",), usage="put_bucket_policy"),
    Route("delete_policy", "DELETE", B, s3_settings.delete_policy, ("policy",), usage="delete_bucket_policy"),
    Route("get_policy_status", "GET", B, s3_settings.get_policy_status, ("policyStatus",)),
    Route("get_public_access", "GET", B, s3_public.get_public_access, ("publicAccessBlock",)),
    Route("put_public_access", "PUT", B, s3_public.put_public_access, ("publicAccessBlock",)),
    Route("delete_public_access", "DELETE", B, s3_public.delete_public_access, ("publicAccessBlock",)),
    Route("get_bucket_tagging", "GET", B, s3_settings.get_tagging, ("tagging",), usage="get_bucket_tags"),
    Route("put_bucket_tagging", "PUT", B, s3_settings.put_tagging, ("tagging",), usage="put_bucket_tags"),
    Route(
        "delete_bucket_tagging", "DELETE", B, s3_settings.delete_tagging, ("tagging",), usage="delete_bucket_tags"
    ),
    Route("get_cors", "GET", B, s3_settings.get_cors, ("cors",), usage="get_cors"),
    Route("get_request_payment", "GET", B, s3_settings.get_request_payment, ("requestPayment",)),
    Route(
        "list_uploads",
        "GET",
        B,
        s3_multipart.list_uploads,
        ("uploads",),
        usage="list_bucket_multiparts",
        lists=True,
    ),
    Route("list_versions", "GET", B, s3_lists.list_versions, ("versions",), usage="list_bucket", lists=True),
    Route("list_objects_v2", "GET", B, s3_lists.list_objects, ("list-type",), usage="list_bucket", lists=True),
    Route("list_objects", "GET", B, s3_lists.list_objects, usage="list_bucket", lists=True),
    Route("head_bucket", "HEAD", B, s3_buckets.head_bucket, usage="stat_bucket"),
    Route("create_bucket", "PUT", B, s3_buckets.create_bucket, usage="create_bucket"),
    Route("delete_bucket", "DELETE", B, s3_buckets.delete_bucket, usage="delete_bucket"),
    Route("delete_objects", "POST", B, s3_objects.delete_objects, ("delete",), usage="multi_object_delete"),
    Route("get_retention", "GET", O, locks.get_retention, ("retention",), usage="get_obj_retention"),
    Route("put_retention", "PUT", O, locks.put_retention, ("retention",), usage="put_obj_retention"),
    Route("get_legal_hold", "GET", O, locks.get_legal_hold, ("legal-hold",), usage="get_obj_legal_hold"),
    Route("put_legal_hold", "PUT", O, locks.put_legal_hold, ("legal-hold",), usage="put_obj_legal_hold"),
    Route("get_object_acl", "GET", O, s3_objects.get_object_acl, ("acl",), usage="get_acls"),
    Route("put_object_acl", "PUT", O, s3_public.put_object_acl, ("acl",), usage="put_acls"),
    Route("get_object_tagging", "GET", O, s3_objects.get_object_tagging, ("tagging",), usage="get_obj_tags"),
    Route("create_upload", "POST", O, s3_multipart.create_upload, ("uploads",), usage="init_multipart"),
    Route("put_part", "PUT", O, s3_multipart.put_part, ("uploadId", "partNumber"), usage="put_obj", atomic=False),
    Route("complete_upload", "POST", O, s3_multipart.complete_upload, ("uploadId",), usage="complete_multipart"),
    Route("abort_upload", "DELETE", O, s3_multipart.abort_upload, ("uploadId",), usage="abort_multipart"),
    Route("list_parts", "GET", O, s3_multipart.list_parts, ("uploadId",), usage="list_multipart"),
    Route("copy_object", "PUT", O, s3_objects.copy_object, header="x-amz-copy-source", usage="copy_obj"),
    Route("put_object", "PUT", O, s3_objects.put_object, usage="put_obj", atomic=False),
    Route("get_object", "GET", O, s3_objects.get_object, usage="get_obj"),
    Route("head_object", "HEAD", O, s3_objects.head_object, usage="get_obj"),
    Route("delete_object", "DELETE", O, s3_objects.delete_object, usage="delete_obj"),
    Route("admin_create_key", "PUT", A, admin_users.create_key, ("key",), path="user"),
    Route("admin_remove_key", "DELETE", A, admin_users.remove_key, ("key",), path="user"),
    Route("admin_create_subuser", "PUT", A, admin_users.create_subuser, ("subuser",), path="user"),
    Route("admin_remove_subuser", "DELETE", A, admin_users.remove_subuser, ("subuser",), path="user"),
    Route("admin_get_quota", "GET", A, admin_users.get_quota, ("quota",), path="user"),
    Route("admin_put_quota", "PUT", A, admin_users.put_quota, ("quota",), path="user"),
    Route("admin_add_caps", "PUT", A, admin_users.add_caps, ("caps",), path="user"),
    Route("admin_remove_caps", "DELETE", A, admin_users.remove_caps, ("caps",), path="user"),
    Route("admin_get_user", "GET", A, admin_users.get_user, path="user"),
    Route("admin_create_user", "PUT", A, admin_users.create_user, path="user"),
    Route("admin_modify_user", "POST", A, admin_users.modify_user, path="user"),
    Route("admin_delete_user", "DELETE", A, admin_users.delete_user, path="user"),
    Route("admin_put_bucket_quota", "PUT", A, admin_buckets.put_bucket_quota, ("quota",), path="bucket"),
    Route("admin_get_bucket", "GET", A, admin_buckets.get_bucket, path="bucket", lists=True),
    Route("admin_delete_bucket", "DELETE", A, admin_buckets.delete_bucket, path="bucket"),
    Route("admin_get_usage", "GET", A, admin_buckets.get_usage, path="usage"),
    Route("admin_trim_usage", "DELETE", A, admin_buckets.trim_usage, path="usage"),
    Route("admin_metadata_users", "GET", A, admin_buckets.metadata_users, path="metadata/user", lists=True),
    Route("admin_metadata_buckets", "GET", A, admin_buckets.metadata_buckets, path="metadata/bucket", lists=True),
    Route("mon_command", "POST", Scope.MON, mon.mon_command),
)


@dataclass(frozen=True)
class Match:
    """Where a request goes; `route` is None for what the region does not know."""

    route: Route | None
    scope: Scope
    bucket: str = ""
    key: str = ""


def match(request: Request) -> Match:
    """Path-style addresses only: names with a tenant (`ente:backup`) fit into no host name."""
    path = request.path
    if path == "/mon":
        return Match(_first(request, Scope.MON, ""), Scope.MON)
    if path.startswith("/admin/"):
        return Match(_first(request, Scope.ADMIN, path.removeprefix("/admin/").rstrip("/")), Scope.ADMIN)
    bucket, _, key = path.removeprefix("/").partition("/")
    scope = Scope.OBJECT if key else Scope.BUCKET if bucket else Scope.SERVICE
    return Match(_first(request, scope, ""), scope, bucket, key)


# Parts of S3 that are not here. A write to one is refused, or `PUT key?tagging` would be taken for `PUT key`.
ABSENT = frozenset({
    "accelerate", "acl", "cors", "encryption", "inventory", "logging", "metrics", "notification",
    "publicAccessBlock", "replication", "requestPayment", "restore", "select", "tagging", "torrent",
    "website",
})  # fmt: skip


def _first(request: Request, scope: Scope, path: str) -> Route | None:
    for route in ROUTES:
        if route.scope is not scope or route.method != request.method or route.path != path:
            continue
        if all(name in request.query for name in route.needs) and (
            not route.header or route.header in request.headers
        ):
            return None if route.writes_whole and ABSENT & request.query.keys() else route
    return None
