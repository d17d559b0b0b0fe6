"""S3 calls on buckets of the recorded scenario."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.lab.contract.place import RESTORE_MAY, WRITER_MAY, WRITER_MAY_NOT, policy_of

if TYPE_CHECKING:
    from tests.lab.contract.scenario import Stage

ENABLED = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
SUSPENDED = b"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
RULES = (
    b"<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>"
    b"<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration></Rule>"
    b"</LifecycleConfiguration>"
)
NOT_PUBLIC = (
    b"<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls>"
    b"<IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>"
    b"<RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"
)
TAGS = b"<Tagging><TagSet><Tag><Key>stack</Key><Value>x</Value></Tag></TagSet></Tagging>"


def at(target: str) -> bytes:
    place = f"<LocationConstraint>{target}</LocationConstraint>"
    return f"<CreateBucketConfiguration>{place}</CreateBucketConfiguration>".encode()


def play(stage: Stage) -> None:
    _create(stage)
    _settings(stage)
    _policies(stage)
    stage.call("list_buckets", "one's own", "owner", "GET", "/")
    stage.call("list_buckets", "without a signature", "nobody", "GET", "/")


def _create(stage: Stage) -> None:
    stage.call("create_bucket", "on an unknown target", "owner", "PUT", "/backup", body=at(":nowhere"))
    stage.call(
        "create_bucket", "in an unknown zone group", "owner", "PUT", "/backup", body=at("nowhere:three-sites")
    )
    stage.call("create_bucket", "on a target", "owner", "PUT", "/backup", body=at(":three-sites"))
    stage.call("create_bucket", "again", "owner", "PUT", "/backup", body=at(":three-sites"))
    stage.call("create_bucket", "again without a word about the target", "owner", "PUT", "/backup")
    stage.call("create_bucket", "again on another target", "owner", "PUT", "/backup", body=at(":two-sites-an-pu"))
    stage.call("create_bucket", "by who may have none", "writer", "PUT", "/mine")
    stage.call("create_bucket", "with a bad name", "owner", "PUT", "/B")
    stage.call("create_bucket", "the same name in another tenant", "stranger", "PUT", "/backup")
    stage.call("create_bucket", "in somebody else's tenant", "stranger", "PUT", f"/{stage.tenant}:other")
    lock = {"x-amz-bucket-object-lock-enabled": "true"}
    stage.call("create_bucket", "with object lock", "owner", "PUT", "/locked", headers=lock)
    stage.call("create_bucket", "the third of three", "owner", "PUT", "/third")
    stage.call("create_bucket", "one too many", "owner", "PUT", "/fourth")
    stage.call("head_bucket", "one's own", "owner", "HEAD", "/backup")
    stage.call("head_bucket", "not there", "owner", "HEAD", "/nothing")
    stage.call("head_bucket", "not allowed", "writer", "HEAD", "/backup")
    stage.call("delete_bucket", "an empty one", "owner", "DELETE", "/third")
    stage.call("delete_bucket", "not there", "owner", "DELETE", "/third")
    stage.call("get_location", "of a bucket", "owner", "GET", "/backup", {"location": ""})
    stage.call("get_bucket_acl", "of a bucket", "owner", "GET", "/backup", {"acl": ""})
    stage.call("get_cors", "never set", "owner", "GET", "/backup", {"cors": ""})
    stage.call("get_request_payment", "always the owner", "owner", "GET", "/backup", {"requestPayment": ""})


def _settings(stage: Stage) -> None:
    stage.call("get_versioning", "never set", "owner", "GET", "/backup", {"versioning": ""})
    stage.call("put_versioning", "on", "owner", "PUT", "/backup", {"versioning": ""}, ENABLED)
    stage.call("get_versioning", "on", "owner", "GET", "/backup", {"versioning": ""})
    stage.call("put_versioning", "off where locked", "owner", "PUT", "/locked", {"versioning": ""}, SUSPENDED)
    stage.call("get_lifecycle", "never set", "owner", "GET", "/backup", {"lifecycle": ""})
    stage.call("put_lifecycle", "a rule", "owner", "PUT", "/backup", {"lifecycle": ""}, RULES)
    stage.call("put_lifecycle", "not XML", "owner", "PUT", "/backup", {"lifecycle": ""}, b"rules")
    stage.call("get_lifecycle", "a rule", "owner", "GET", "/backup", {"lifecycle": ""})
    stage.call("delete_lifecycle", "there", "owner", "DELETE", "/backup", {"lifecycle": ""})
    stage.call("delete_lifecycle", "not there", "owner", "DELETE", "/backup", {"lifecycle": ""})
    stage.call("get_bucket_tagging", "never set", "owner", "GET", "/backup", {"tagging": ""})
    stage.call("put_bucket_tagging", "a tag", "owner", "PUT", "/backup", {"tagging": ""}, TAGS)
    stage.call("get_bucket_tagging", "a tag", "owner", "GET", "/backup", {"tagging": ""})
    _public_access(stage)
    stage.call("delete_bucket_tagging", "there", "owner", "DELETE", "/backup", {"tagging": ""})
    stage.call("get_bucket_tagging", "taken away", "owner", "GET", "/backup", {"tagging": ""})


def _public_access(stage: Stage) -> None:
    where, what = "/backup", {"publicAccessBlock": ""}
    stage.call("get_public_access", "never set", "owner", "GET", where, what)
    stage.call("put_public_access", "three of four", "owner", "PUT", where, what, NOT_PUBLIC)
    stage.call("get_public_access", "three of four", "owner", "GET", where, what)
    stage.call("put_public_access", "not XML", "owner", "PUT", where, what, b"block")
    stage.call("put_public_access", "by the writer", "writer", "PUT", where, what, NOT_PUBLIC)
    stage.call("get_public_access", "by the writer", "writer", "GET", where, what)
    stage.call("get_public_access", "by another tenant", "stranger", "GET", f"/{stage.tenant}:backup", what)
    ours = policy_of(stage.tenant, "backup", {"writer": ["GetObject"]}, {})
    stage.call("put_policy", "for the writer, blocked", "owner", "PUT", where, {"policy": ""}, ours.encode())
    stage.call("delete_public_access", "by the writer", "writer", "DELETE", where, what)
    stage.call("delete_public_access", "there", "owner", "DELETE", where, what)
    stage.call("delete_public_access", "not there", "owner", "DELETE", where, what)
    stage.call("get_public_access", "taken away", "owner", "GET", where, what)


def _by_user_agent(stage: Stage) -> None:
    """A door for those who come under one name only, whatever comes after it."""
    where, tags = "/backup", {"tagging": ""}
    policy = json.loads(policy_of(stage.tenant, "backup", {"writer": ["GetBucketTagging"]}, {}))
    (statement,) = policy["Statement"]
    statement["Condition"] = {"StringLike": {"aws:UserAgent": ["one-gateway*", "another*"]}}
    stage.call("put_policy", "by user agent", "owner", "PUT", where, {"policy": ""}, json.dumps(policy).encode())
    for agent in ("one-gateway", "one-gateway/2", "a one-gateway", ""):
        headers = {"User-Agent": agent} if agent else {}
        label = f"by the writer as {agent or 'nobody'}"
        stage.call("get_bucket_tagging", label, "writer", "GET", where, tags, headers=headers)


def _policies(stage: Stage) -> None:
    where, what = "/backup", {"policy": ""}
    stage.call("get_policy", "never set", "owner", "GET", where, what)
    stage.call("get_policy_status", "private", "owner", "GET", where, {"policyStatus": ""})
    stage.call("put_policy", "not JSON", "owner", "PUT", where, what, b"{bad")
    ghost = policy_of(stage.tenant, "backup", {"ghost": ["GetObject"]}, {})
    stage.call("put_policy", "for a user that does not exist", "owner", "PUT", where, what, ghost.encode())
    unknown = policy_of(stage.tenant, "backup", {"writer": ["Nonsense"]}, {})
    stage.call("put_policy", "with an unknown action", "owner", "PUT", where, what, unknown.encode())
    foreign = ghost.replace("arn:aws:s3:::", f"arn:aws:s3::{stage.other}:")
    stage.call("put_policy", "on another tenant's bucket", "owner", "PUT", where, what, foreign.encode())
    allow = {"writer": WRITER_MAY, "restore": RESTORE_MAY, "owner": ["GetObject", "GetObjectVersion"]}
    good = policy_of(stage.tenant, "backup", allow, {"writer": WRITER_MAY_NOT})
    _by_user_agent(stage)
    stage.call("delete_policy", "there", "owner", "DELETE", where, what)
    stage.call("delete_policy", "not there", "owner", "DELETE", where, what)
    stage.call("put_policy", "for writer and restore", "owner", "PUT", where, what, good.encode())
    stage.call("get_policy", "as set", "owner", "GET", where, what)
    for route, query, body in (
        ("put_policy", "policy", good.encode()), ("put_versioning", "versioning", SUSPENDED),
        ("put_lifecycle", "lifecycle", RULES), ("put_bucket_tagging", "tagging", TAGS),
    ):  # fmt: skip
        stage.call(route, "by the writer", "writer", "PUT", where, {query: ""}, body)
    stage.call("delete_policy", "by the writer", "writer", "DELETE", where, what)
    stage.call("delete_bucket", "by the writer", "writer", "DELETE", where)
    stage.call("get_policy", "by another tenant", "stranger", "GET", f"/{stage.tenant}:backup", what)
