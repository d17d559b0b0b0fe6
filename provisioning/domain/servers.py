"""A machine as it is wanted: on OpenStack its card on the stack's network, and itself; on Proxmox itself. Pure.

The stack calls its network on OpenStack `lan`, the addresses `lan-addresses` and the rules `lan-rules`; the one on
Proxmox is `guests-lan`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from provisioning.domain.course import image_of, plug_of, server_of
from provisioning.domain.manifest import Desired, Ref


def server_with_its_plug(
    platform: str, project: Any, name: str, *, size: str, zone: str, access: str, after: Sequence[Any] = ()
) -> Iterator[Desired]:
    """`name` is the machine's, and `image_of(name)` stands in the same stack. `project`: its id, or a ref to it;
    `size`: the flavor's name; `zone`: "" where the platform has one alone; `access`: the credential's resource;
    `after`: refs to the servers that run before this one is made.
    """
    port = {
        "project": project,
        "network": Ref("lan", "network").as_json(),
        "subnet": Ref("lan-addresses", "subnet").as_json(),
        "security_groups": [Ref("lan-rules", "security_group").as_json()],
    }
    yield Desired(plug_of(name), "openstack.port", platform, port)
    server = {
        "project": project,
        "credential": Ref(access, "credential").as_json(),
        "image": Ref(image_of(name), "image").as_json(),
        "flavor": size,
        "port": Ref(plug_of(name), "port").as_json(),
        "zone": zone,
        **({"after": list(after)} if after else {}),
    }
    yield Desired(server_of(name), "openstack.server", platform, server)


def guest(
    platform: str, pool: Any, name: str, *, storage: str, vcpus: int, ram_mib: int, rules: Sequence[str],
    after: Sequence[Any] = (),
) -> Desired:  # fmt: skip
    """`name` is the machine's, and `image_of(name)` stands in the same stack. `pool`: its name, or a ref to it;
    `storage`: where its disk lies; `ram_mib` in MiB (2^20); `rules` as those of `proxmox.guest`; `after`: refs to
    the machines that run before this one is made.
    """
    wanted = {
        "pool": pool,
        "image": Ref(image_of(name), "image").as_json(),
        "storage": storage,
        "network": Ref("guests-lan", "network").as_json(),
        "vcpus": vcpus,
        "ram_mib": ram_mib,
        "rules": list(rules),
        **({"after": list(after)} if after else {}),
    }
    return Desired(server_of(name), "proxmox.guest", platform, wanted)
