"""One signed HTTP exchange with its raw answer: SDKs hide codes, headers and empty bodies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# RGW 16 answers to any region name that is in the signature's own scope.
SIGNING_REGION = "us-east-1"


@dataclass(frozen=True)
class Keys:
    """One S3 key pair; the repr never shows the secret."""

    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What came over the wire; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(
    endpoint: str,
    keys: Keys | None,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """Sign with SigV4 (header form) unless `keys` is None, send, and read the whole answer."""
    target = quote(path, safe="/-_.~:$") + encoded_query(query or {})
    request = AWSRequest(method=method, url=endpoint + target, data=body, headers=dict(headers or {}))
    if keys is not None:
        credentials = Credentials(keys.access_key, keys.secret_key)
        S3SigV4Auth(credentials, "s3", SIGNING_REGION).add_auth(request)
    where = urlsplit(endpoint)
    connection = HTTPConnection(where.hostname or "127.0.0.1", where.port, timeout=30)
    try:
        connection.request(method, target, body=body or None, headers=dict(request.headers.items()))
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def encoded_query(query: Mapping[str, str]) -> str:
    """`?a=b&flag=`, encoded as the signature's canonical form wants it; empty for no parameters."""
    if not query:
        return ""
    return "?" + "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query.items())
