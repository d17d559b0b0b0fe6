"""`proxmoxer` as people use it, against the emulator."""

from typing import Any

from proxmoxer import ProxmoxAPI

from lab.deadline import wait_until
from tests.lab.proxmox.wire import Wire

PASSWORD = "a-password-of-the-lab"


def fresh(wire: Wire) -> None:
    """Root alone, on a clock that runs fifty times as fast."""
    wire.control("reset", password=PASSWORD)
    wire.control("clock", pace=0.02)


def root(wire: Wire) -> Any:
    return ProxmoxAPI(
        "127.0.0.1", port=wire.port, user="root@pam", password=PASSWORD, verify_ssl=wire.ca_file, timeout=60
    )


def by_token(wire: Wire, user: str, name: str, value: str) -> Any:
    return ProxmoxAPI(
        "127.0.0.1",
        port=wire.port,
        user=user,
        token_name=name,
        token_value=value,
        verify_ssl=wire.ca_file,
        timeout=60,
    )


def backup_root(wire: Wire) -> Any:
    return ProxmoxAPI(
        "127.0.0.1", port=wire.backup_port, service="PBS", user="root@pam", password=PASSWORD,
        verify_ssl=wire.ca_file, timeout=60,
    )  # fmt: skip


def backup_by_token(wire: Wire, user: str, name: str, value: str) -> Any:
    return ProxmoxAPI(
        "127.0.0.1", port=wire.backup_port, service="PBS", user=user, token_name=name, token_value=value,
        verify_ssl=wire.ca_file, timeout=60,
    )  # fmt: skip


def ended(api: Any, upid: str, node: str = "") -> str:
    """Its `exitstatus`; a task that is still running after 30 s has none."""
    task = api.nodes(node or upid.split(":")[1]).tasks(upid)
    found: dict[str, Any] = {}

    def over() -> bool:
        found.update(task.status.get())
        return found["status"] != "running"

    wait_until(f"the end of {upid}", over, timeout_s=30, every_s=0.005)
    return str(found["exitstatus"])
