"""Refusals, with the codes and HTTP statuses that RGW 16.2.15 gives them."""

# Read from the recorded answers; a code that is not here may not be raised.
STATUS: dict[str, int] = {
    "AccessDenied": 403,
    "BadDigest": 400,
    "BucketAlreadyExists": 409,
    "BucketNotEmpty": 409,
    "EntityTooSmall": 400,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidBucketName": 400,
    "InvalidBucketState": 409,
    "InvalidCap": 400,
    "InvalidLocationConstraint": 400,
    "InvalidPart": 400,
    "InvalidRange": 416,
    "InvalidRequest": 400,
    "KeyExists": 409,
    "MalformedXML": 400,
    "MethodNotAllowed": 405,
    "NoSuchBucket": 404,
    "NoSuchBucketPolicy": 404,
    "NoSuchKey": 404,
    "NoSuchLifecycleConfiguration": 404,
    "NoSuchSubUser": 404,
    "NoSuchTagSet": 404,
    "NoSuchCORSConfiguration": 404,
    "NoSuchUpload": 404,
    "NoSuchUser": 404,
    "NotImplemented": 501,
    "ObjectLockConfigurationNotFoundError": 404,
    "PreconditionFailed": 412,
    "QuotaExceeded": 403,
    "RequestTimeTooSkewed": 403,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "TooManyBuckets": 400,
    "UserAlreadyExists": 409,
    "UserSuspended": 403,
    "XAmzContentSHA256Mismatch": 400,
}


class Refused(Exception):
    """The gateway says no: `code` is the S3 or Admin Ops error code, `message` mostly empty, as in RGW."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.status = STATUS[code]
