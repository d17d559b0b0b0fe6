"""A region to hold to the contract, simulated or real: where it answers, the portal's keys, and its mons."""

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from rgwadmin import RGWAdmin

from tests.lab.contract.wire import Keys

MonCommand = Callable[..., Any]


@dataclass(frozen=True)
class Place:
    """`mon(prefix, **arguments)` gives a mon command's decoded JSON."""

    name: str
    endpoint: str
    portal: Keys
    mon: MonCommand

    def admin(self) -> Any:
        """rgwadmin with the portal's own keys and caps."""
        server = self.endpoint.removeprefix("http://")
        return RGWAdmin(self.portal.access_key, self.portal.secret_key, server, secure=False)

    def s3(self, keys: Keys) -> Any:
        """boto3, asking once: a contract is about the first answer."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            region_name="marche",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )


def mon_over_http(endpoint: str) -> MonCommand:
    """The simulated region's way."""

    def ask(prefix: str, **arguments: object) -> Any:
        body = json.dumps({"prefix": prefix, **arguments}).encode()
        request = urllib.request.Request(f"{endpoint}/mon", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    return ask


def policy_of(tenant: str, bucket: str, allow: Mapping[str, list[str]], deny: Mapping[str, list[str]]) -> str:
    """A bucket policy: user id → actions allowed, user id → actions denied, on the bucket and all in it."""
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statements = [
        {
            "Effect": effect,
            "Principal": {"AWS": [f"arn:aws:iam::{tenant}:user/{user}"]},
            "Action": [f"s3:{action}" for action in actions],
            "Resource": resources,
        }
        for effect, rules in (("Allow", allow), ("Deny", deny))
        for user, actions in rules.items()
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


WRITER_MAY = [
    "PutObject", "GetObject", "DeleteObject", "ListBucket", "GetBucketLocation", "AbortMultipartUpload",
    "ListMultipartUploadParts", "ListBucketMultipartUploads",
]  # fmt: skip
WRITER_MAY_NOT = [
    "DeleteObjectVersion", "PutObjectRetention", "PutObjectLegalHold", "BypassGovernanceRetention",
    "PutBucketVersioning", "PutLifecycleConfiguration", "PutBucketPolicy", "DeleteBucketPolicy", "DeleteBucket",
    "PutBucketObjectLockConfiguration",
]  # fmt: skip
RESTORE_MAY = ["GetObject", "GetObjectVersion", "ListBucket", "ListBucketVersions", "GetBucketLocation"]
