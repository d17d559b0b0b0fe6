"""What the S3 SDK raises, in the engine's words."""

from typing import Any

from provisioning.providers.ceph.client.errors import CEPH, Said, translate
from provisioning.providers.peer import is_untrusted, seconds


def translated(error: Exception, doing: str, own_key: bool) -> Exception:
    """What the SDK raised, in our two families; anything unknown is a fault of ours and goes up as it is."""
    from botocore import exceptions as sdk
    from botocore.parsers import ResponseParserError

    if isinstance(error, sdk.ClientError):
        about: Any = error.response.get("ResponseMetadata", {})
        code = str(error.response.get("Error", {}).get("Code", ""))
        # The SDK puts the status where a page had no code.
        code = "" if code.isdigit() else code
        status, pause = int(about.get("HTTPStatusCode", 0)), about.get("HTTPHeaders", {}).get("retry-after")
        return translate(Said(doing, status, code, seconds(pause), own_key))
    if isinstance(error, sdk.ConnectTimeoutError | sdk.ReadTimeoutError | sdk.ConnectionClosedError):
        return CEPH.cut(doing)
    if isinstance(error, sdk.SSLError) and is_untrusted(error):
        return CEPH.untrusted(doing)
    if isinstance(error, sdk.EndpointConnectionError):
        return CEPH.unreachable(doing)
    if isinstance(error, sdk.HTTPClientError):
        return CEPH.cut(doing)
    if isinstance(error, sdk.BotoCoreError | ResponseParserError):
        return CEPH.unusable(doing, "could not be read")
    return error
