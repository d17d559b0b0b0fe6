"""What Nova's own processes say of themselves, as the administrator reads it."""

from datetime import UTC, datetime
from typing import Any

# Nova's default is ten seconds: too long to wait for after every start.
REPORT_S = 3


def silent(cloud: Any) -> list[str]:
    """Whose last word is too old (a minute), as "nova-compute on lab"; the SDK's errors come through."""
    return [f"{one.binary} on {one.host}" for one in cloud.compute.services() if one.state != "up"]


def heard(cloud: Any, hosts: set[str], since: datetime) -> bool:
    """Whether each compute host is mapped to a cell and has reported after `since`; False while Nova is not ready.

    After a restart an old word is still fresh enough for Nova to say "up", and a call to that host would hang.
    """
    from openstack.exceptions import SDKException

    try:
        fresh = {one.host for one in cloud.compute.services(binary="nova-compute") if _after(one.updated_at, since)}
        return fresh >= hosts and len(list(cloud.compute.hypervisors(details=False))) >= len(hosts)
    except SDKException:
        return False


def _after(moment: str | None, since: datetime) -> bool:
    return moment is not None and datetime.fromisoformat(moment).replace(tzinfo=UTC) >= since
