"""One authenticated call on its way to a handler, and the question whether it is allowed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lab.simulated import buckets, chunked, policy
from lab.simulated.buckets import Bucket
from lab.simulated.errors import Refused
from lab.simulated.policy import Effect
from lab.simulated.shape import Shape
from lab.simulated.sigv4 import Signed
from lab.simulated.store import Store
from lab.simulated.users import User
from lab.simulated.web import Answer, Request


@dataclass(frozen=True)
class Call:
    """`bucket_name` and `key` are what the path says, decoded; empty where the path has none."""

    store: Store
    shape: Shape
    request: Request
    signed: Signed | None
    user: User | None
    bucket_name: str = ""
    key: str = ""

    @property
    def uid(self) -> str | None:
        return self.user.uid if self.user else None

    @property
    def version(self) -> str:
        """The `versionId` asked for, or nothing."""
        return self.request.query.get("versionId", "")

    def place(self) -> tuple[str, str]:
        """(tenant, name) of the bucket in the path."""
        return buckets.split_name(self.bucket_name, self.user.tenant if self.user else "")

    def bucket(self) -> Bucket:
        """The bucket in the path; Refused NoSuchBucket, ServiceUnavailable when too many of its sites are down.

        The real cluster lets such a call hang until the client gives up; waiting is the fault plan's business.
        """
        bucket = buckets.get_bucket(self.store, *self.place())
        down = self.store.setting("sites_down").split(",")
        target = self.shape.target(bucket.placement)
        if target and sum(code not in down for code in target.sites) < target.min_copies:
            raise Refused("ServiceUnavailable")
        return bucket

    def body(self) -> bytes:
        return chunked.whole(self.request, self.signed)

    def blocks(self) -> Iterator[bytes]:
        return chunked.blocks(self.request, self.signed)

    def header(self, name: str, default: str = "") -> str:
        return self.request.headers.get(name, default)


Handler = Callable[[Call], Answer]


def allowed(
    call: Call, bucket: Bucket, action: str, key: str = "", owner: str | None = None, public: bool = False
) -> bool:
    """RGW's order: a Deny of the policy, an Allow of it, then the ACL, which names its owner and, when `public`,
    whoever does not sign: a signed stranger is refused even then (measured).

    `owner` is the object's owner for calls that its own ACL answers (reading); otherwise it is the bucket's owner.
    An object belongs to who wrote it: the bucket's owner may not read it without a policy that says so (recorded).
    """
    resource = f"{bucket.name}/{key}" if key else bucket.name
    uid, agent = call.uid, call.header("user-agent")
    text = bucket.settings.get("policy")
    if text:
        effect = policy.weigh(policy.parse_stored(text, bucket.tenant), uid, action, bucket.tenant, resource, agent)
        if effect is not Effect.PASS:
            return effect is Effect.ALLOW
    if uid is None:
        return public
    return uid == (bucket.owner if owner is None else owner)


def require(call: Call, bucket: Bucket, action: str, key: str = "", owner: str | None = None) -> None:
    """Refused AccessDenied unless `allowed`."""
    if not allowed(call, bucket, action, key, owner):
        raise Refused("AccessDenied")
