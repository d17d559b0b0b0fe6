"""S3 with one key pair, and what it is refused: for the questions that no backup tool asks."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.handlers import validate_bucket_name

from tests.lab.flow.town import Keys


def s3(keys: Keys) -> Any:
    """Tries once; and lets a bucket be called `tenant:bucket`, as RGW does and Amazon does not."""
    client = boto3.client(
        "s3",
        endpoint_url=keys.connection.endpoint,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        region_name=keys.connection.region,
        config=Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            read_timeout=60,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    client.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    return client


def refusal(client: Any, call: str, **words: Any) -> str:
    """The gateway's code for its refusal; "" when it was not refused."""
    try:
        getattr(client, call)(**words)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""
