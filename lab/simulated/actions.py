"""The S3 actions that RGW 16.2.15 knows; a policy that names another is refused by it."""

ACTIONS = (
    "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:GetObjectAcl", "s3:GetObjectVersionAcl",
    "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:DeleteObject", "s3:DeleteObjectVersion",
    "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload", "s3:GetObjectTorrent",
    "s3:GetObjectVersionTorrent", "s3:RestoreObject", "s3:CreateBucket", "s3:DeleteBucket", "s3:ListBucket",
    "s3:ListBucketVersions", "s3:ListAllMyBuckets", "s3:ListBucketMultipartUploads",
    "s3:GetAccelerateConfiguration", "s3:PutAccelerateConfiguration", "s3:GetBucketAcl", "s3:PutBucketAcl",
    "s3:GetBucketCORS", "s3:PutBucketCORS", "s3:GetBucketVersioning", "s3:PutBucketVersioning",
    "s3:GetBucketRequestPayment", "s3:PutBucketRequestPayment", "s3:GetBucketLocation", "s3:GetBucketPolicy",
    "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:GetBucketNotification", "s3:PutBucketNotification",
    "s3:GetBucketLogging", "s3:PutBucketLogging", "s3:GetBucketTagging", "s3:PutBucketTagging",
    "s3:GetBucketWebsite", "s3:PutBucketWebsite", "s3:DeleteBucketWebsite", "s3:GetLifecycleConfiguration",
    "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration", "s3:GetReplicationConfiguration",
    "s3:DeleteReplicationConfiguration", "s3:GetObjectTagging", "s3:PutObjectTagging", "s3:DeleteObjectTagging",
    "s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectVersionTagging",
    "s3:PutBucketObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration", "s3:PutObjectRetention",
    "s3:GetObjectRetention", "s3:PutObjectLegalHold", "s3:GetObjectLegalHold", "s3:BypassGovernanceRetention",
    "s3:GetBucketPolicyStatus", "s3:PutPublicAccessBlock", "s3:GetPublicAccessBlock",
    "s3:PutBucketPublicAccessBlock", "s3:GetBucketPublicAccessBlock", "s3:DeletePublicAccessBlock",
    "s3:GetBucketEncryption", "s3:PutBucketEncryption",
)  # fmt: skip
