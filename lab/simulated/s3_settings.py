"""S3 on a bucket's settings: versioning, object lock, lifecycle, policy, tags."""

from collections.abc import Callable
from xml.etree import ElementTree

from lab.simulated import buckets, policy
from lab.simulated.calls import Call, Handler, require
from lab.simulated.errors import Refused
from lab.simulated.s3_buckets import XML
from lab.simulated.web import Answer
from lab.simulated.xmlbody import document, group, parsed, tag, text


def get_versioning(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:GetBucketVersioning")
    state = bucket.settings.get("versioning")
    parts = [tag("Status", state), tag("MfaDelete", "Disabled")] if state else []
    return Answer(200, document("VersioningConfiguration", parts), XML)


def put_versioning(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:PutBucketVersioning")
    state = text(parsed(call.body()), "Status")
    if state not in ("Enabled", "Suspended"):
        raise Refused("MalformedXML")
    if bucket.locked and state == "Suspended":
        raise Refused(
            "InvalidBucketState", "bucket versioning cannot be disabled on buckets with object lock enabled"
        )
    buckets.set_setting(call.store, bucket, "versioning", state)
    return Answer(200, b"", XML)


def get_object_lock(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:GetBucketObjectLockConfiguration")
    if not bucket.locked:
        raise Refused("ObjectLockConfigurationNotFoundError")
    mode, _, period = bucket.settings["lock"].partition(" ")
    parts = [tag("ObjectLockEnabled", "Enabled")]
    if mode:
        unit, _, length = period.partition("=")
        parts.append(group("Rule", [group("DefaultRetention", [tag("Mode", mode), tag(unit, length)])]))
    return Answer(200, document("ObjectLockConfiguration", parts, namespace=False), XML)


def put_object_lock(call: Call) -> Answer:
    """Default retention, kept as `MODE Days=n` or `MODE Years=n`; empty for none."""
    bucket = call.bucket()
    require(call, bucket, "s3:PutBucketObjectLockConfiguration")
    if not bucket.locked:
        raise Refused(
            "InvalidBucketState", "object lock configuration can't be set if bucket object lock not enabled"
        )
    root = parsed(call.body())
    if text(root, "ObjectLockEnabled") != "Enabled":
        raise Refused("MalformedXML")
    buckets.set_setting(call.store, bucket, "lock", _retention_rule(root))
    return Answer()


def _retention_rule(root: ElementTree.Element) -> str:
    rule = root.find("Rule/DefaultRetention")
    if rule is None:
        return ""
    mode, days, years = text(rule, "Mode"), text(rule, "Days"), text(rule, "Years")
    length = days or years
    if mode not in ("GOVERNANCE", "COMPLIANCE") or bool(days) == bool(years) or not length.isdecimal():
        raise Refused("MalformedXML")
    return f"{mode} {'Days' if days else 'Years'}={length}"


def get_lifecycle(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:GetLifecycleConfiguration")
    rules = bucket.settings.get("lifecycle")
    if rules is None:
        raise Refused("NoSuchLifecycleConfiguration")
    return Answer(200, document("LifecycleConfiguration", [rules]), XML)


def put_lifecycle(call: Call) -> Answer:
    """Rules are checked a little, kept, and not executed: days would be too long to wait for here."""
    bucket = call.bucket()
    require(call, bucket, "s3:PutLifecycleConfiguration")
    rules = parsed(call.body()).findall("Rule")
    if not rules or any(text(rule, "Status") not in ("Enabled", "Disabled") for rule in rules):
        raise Refused("MalformedXML")
    buckets.set_setting(call.store, bucket, "lifecycle", "".join(_rule(rule) for rule in rules))
    return Answer(200, b"", XML)


def _rule(rule: ElementTree.Element) -> str:
    """A filter that is only a prefix comes back as the older `<Prefix>`, as RGW writes it."""
    found = rule.find("Filter")
    if found is not None and [child.tag for child in found] == ["Prefix"]:
        prefix = ElementTree.Element("Prefix")
        prefix.text = found.findtext("Prefix")
        rule.insert(list(rule).index(found), prefix)
        rule.remove(found)
    for element in rule.iter():
        element.tail = None
    return ElementTree.tostring(rule, encoding="unicode", short_empty_elements=False)


def get_policy(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:GetBucketPolicy")
    found = bucket.settings.get("policy")
    if found is None:
        raise Refused("NoSuchBucketPolicy", "The bucket policy does not exist")
    return Answer(200, found.encode(), {"Content-Type": "application/json"})


def put_policy(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:PutBucketPolicy")
    found = call.body().decode("utf-8", "replace")
    policy.parse(found, bucket.tenant)
    if bucket.blocks("BlockPublicPolicy"):
        raise Refused("AccessDenied")  # any policy: see s3_public
    buckets.set_setting(call.store, bucket, "policy", found)
    return Answer(204)


def get_tagging(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:GetBucketTagging")
    found = bucket.settings.get("tagging")
    if found is None:
        raise Refused("NoSuchTagSet")
    return Answer(200, document("Tagging", [group("TagSet", [found])]), XML)


def put_tagging(call: Call) -> Answer:
    bucket = call.bucket()
    require(call, bucket, "s3:PutBucketTagging")
    tags = parsed(call.body()).findall("TagSet/Tag")
    shown = [group("Tag", [tag("Key", text(one, "Key")), tag("Value", text(one, "Value"))]) for one in tags]
    buckets.set_setting(call.store, bucket, "tagging", "".join(shown))
    return Answer(200, b"", XML)


def deleter(setting: str, action: str, answer: Answer) -> Handler:
    """A handler that takes one setting away and does not mind when it was not there."""

    def delete(call: Call) -> Answer:
        bucket = call.bucket()
        require(call, bucket, action)
        buckets.set_setting(call.store, bucket, setting, None)
        return answer

    return delete


delete_lifecycle = deleter("lifecycle", "s3:PutLifecycleConfiguration", Answer(204, b"", XML))
# 200 for these two, not S3's 204: recorded.
delete_policy = deleter("policy", "s3:DeleteBucketPolicy", Answer(200))
delete_tagging = deleter("tagging", "s3:PutBucketTagging", Answer(200, b"", XML))


def fixed(root: str, action: str, content: str = "") -> Callable[[Call], Answer]:
    """A setting that is always what it is here; clients ask for it and only need an answer."""

    def get(call: Call) -> Answer:
        require(call, call.bucket(), action)
        return Answer(200, document(root, [content]), XML)

    return get


get_request_payment = fixed(
    "RequestPaymentConfiguration", "s3:GetBucketRequestPayment", tag("Payer", "BucketOwner")
)
get_policy_status = fixed("PolicyStatus", "s3:GetBucketPolicyStatus", tag("IsPublic", "false"))


def get_cors(call: Call) -> Answer:
    require(call, call.bucket(), "s3:GetBucketCORS")
    raise Refused("NoSuchCORSConfiguration")
