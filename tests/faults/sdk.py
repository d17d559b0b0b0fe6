"""The cloud's SDK made fit for thousands of short lives: impatient, and its service model read once."""

from typing import Any, Final

# Of a loopback region. A planned time-out lasts longer, a slow answer less; production waits 3 s and 10 s.
CALL_S: Final = 0.6


def warm() -> None:
    """In the parent, once: read what every client is made from, and shorten every client's patience."""
    import boto3
    import botocore.session
    import openstack  # noqa: F401  (imported late by those that call, and slow to)

    from provisioning.providers.ceph.client import mon, rgw, s3_clients
    from provisioning.providers.openstack.client import cloud

    for module in (rgw, s3_clients, mon):
        module.READ_S = CALL_S  # type: ignore[misc]  # Final for the code, a setting for its test
    cloud.TIMEOUT_S = CALL_S  # type: ignore[misc,assignment]
    shared = botocore.session.get_session().get_component("data_loader")
    boto3.session.Session = _OneLoader(boto3.session.Session, shared)  # type: ignore[misc,assignment]
    boto3.session.Session().client(
        "s3", region_name="us-east-1", aws_access_key_id="warm", aws_secret_access_key="warm"
    )


class _OneLoader:
    """Stands for `boto3.session.Session`: all sessions share a loader, whose model of S3 takes long to read."""

    def __init__(self, real: Any, loader: Any) -> None:
        self._real, self._loader = real, loader

    def __call__(self) -> Any:
        import botocore.session

        plain = botocore.session.get_session()
        plain.register_component("data_loader", self._loader)
        return self._real(botocore_session=plain)
