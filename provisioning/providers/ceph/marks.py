"""The marks that show a restored database: one small object each, in a bucket of the portal's own."""

from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import PermanentError
from provisioning.providers.ceph.client.errors import NotThere
from provisioning.providers.ceph.client.s3 import Signed

KEEP_DAYS: Final = 30  # a database restored from longer ago is found by its census
_EXPIRY: Final[list[dict[str, Any]]] = [
    {"ID": "marks", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": KEEP_DAYS}}
]


@dataclass(frozen=True)
class Marks:
    """`bucket` is made at the first push."""

    signed: Signed
    bucket: str
    platform: str

    def after(self, mark: str) -> list[str]:
        """Marks of this platform that sort after `mark`."""
        try:
            return [one.key for one in self.signed.objects(self.bucket, f"{self.platform}/", mark)]
        except NotThere as error:
            if error.code != "NoSuchBucket":
                raise
            return []

    def push(self, mark: str) -> None:
        """Repeatable: the object's name is the mark, its content nothing."""
        try:
            self.signed.put(self.bucket, mark, b"")
        except NotThere as error:
            if error.code != "NoSuchBucket":
                raise
            self._make_bucket()
            self.signed.put(self.bucket, mark, b"")

    def _make_bucket(self) -> None:
        """Two workers may be the first in the same moment. The second is told TooManyBuckets, because one bucket
        is all that the portal's identity may own; if the bucket is there by then, all is well.
        """
        try:
            self.signed.create_plain_bucket(self.bucket)
        except PermanentError as refused:
            try:
                self.signed.lifecycle(self.bucket)
            except NotThere:
                raise refused from None
            return
        # RGW answers UnknownError to two that set it at once (16.2.15): only who made the bucket does.
        self.signed.set_lifecycle(self.bucket, _EXPIRY)
