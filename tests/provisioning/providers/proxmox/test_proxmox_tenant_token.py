"""A town's own token sees and uses what is in its pool; of another town's it sees and touches nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from proxmoxer import ResourceException

from lab.proxmox.runbook import ROLE
from provisioning.kinds.proxmox import GrantSpec, GuestSpec, NetworkSpec, PoolSpec, TokenSpec, UserSpec
from tests.lab.proxmox.clients import by_token, ended
from tests.provisioning.providers.proxmox.town import Settled, Town

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Place:
    """A town's pool with a guest in it, and the town's own way in."""

    town: Town
    api: Any
    pool: str
    vmid: int
    image: str
    network: str

    @property
    def guest(self) -> Any:
        return self.seen_by(self.town.outside)

    def seen_by(self, api: Any) -> Any:
        """This place's guest, to somebody."""
        rows = self.town.outside.cluster.resources.get(type="vm")
        node = next(one["node"] for one in rows if one["vmid"] == self.vmid)
        return api.nodes(node).qemu(self.vmid)


def _place(town: Town) -> Place:
    head = f"mcloud.{town.stack}"
    user, pool = f"{head}.operator@pve", f"{head}.reserve"
    town.make("user", "operator", UserSpec())
    town.make("pool", "reserve", PoolSpec())
    made = town.provider.handlers["proxmox.token"].create(town.target("access", TokenSpec(user)))
    for name, holder in (("may", user), ("token-may", made.external_id)):
        town.make("grant", name, GrantSpec(f"/pool/{pool}", ROLE, holder))
    image = Settled(town.provider.handlers["proxmox.image"]).create(town.image_target()).external_id
    network = town.make("network", "lan", NetworkSpec())
    spec = GuestSpec(pool, image, storage="shared", network=network, vcpus=1, ram_mib=128)
    vmid = int(town.make("guest", "vm", spec))
    api = by_token(town.wire, user, "access", made.secrets["secret"].reveal())
    return Place(town, api, pool, vmid, str(image), network)


@pytest.fixture
def places(town: Town) -> tuple[Place, Place]:
    """Ours, and the other town's."""
    return _place(town), _place(replace(town, stack="town13"))


def test_it_sees_its_own_and_nothing_else(places: tuple[Place, Place]) -> None:
    ours, theirs = places
    assert [one["vmid"] for one in ours.api.cluster.resources.get(type="vm")] == [ours.vmid]
    assert [one["poolid"] for one in ours.api.pools.get()] == [ours.pool]
    assert [one["vmid"] for node in ("pve1", "pve2", "pve3") for one in ours.api.nodes(node).qemu.get()] == [
        ours.vmid
    ]
    assert ours.api.cluster.sdn.vnets.get() == []
    assert ours.api.storage.get() == []
    assert theirs.vmid != ours.vmid


def test_it_starts_and_stops_its_own(places: tuple[Place, Place]) -> None:
    ours, _ = places
    guest = ours.seen_by(ours.api)
    assert ended(ours.town.outside, guest.status.stop.post()) == "OK"
    assert ended(ours.town.outside, guest.status.start.post()) == "OK"


Act = Callable[[Place, Place], Any]
# Each is refused; `ours` acts upon `theirs`.
ACTS: Final[dict[str, Act]] = {
    "read its configuration": lambda ours, theirs: theirs.seen_by(ours.api).config.get(),
    "read its state": lambda ours, theirs: theirs.seen_by(ours.api).status.current.get(),
    "start": lambda ours, theirs: theirs.seen_by(ours.api).status.start.post(),
    "stop": lambda ours, theirs: theirs.seen_by(ours.api).status.stop.post(),
    "change": lambda ours, theirs: theirs.seen_by(ours.api).config.put(cores=2),
    "remove": lambda ours, theirs: theirs.seen_by(ours.api).delete(),
    "snapshot": lambda ours, theirs: theirs.seen_by(ours.api).snapshot.post(snapname="mine"),
    "clone": lambda ours, theirs: theirs.seen_by(ours.api).clone.post(newid=7000, pool=ours.pool),
    "ask its agent": lambda ours, theirs: theirs.seen_by(ours.api).agent.ping.post(),
    "run a command in it": lambda ours, theirs: theirs.seen_by(ours.api).agent.exec.post(command=["true"]),
    "open its firewall": lambda ours, theirs: theirs.seen_by(ours.api).firewall.options.put(enable=0),
    "read its rules": lambda ours, theirs: theirs.seen_by(ours.api).firewall.rules.get(),
    "read its pool": lambda ours, theirs: ours.api.pools.get(poolid=theirs.pool),
    "take it into our pool": lambda ours, theirs: ours.api.pools.put(
        poolid=ours.pool, vms=theirs.vmid, **{"allow-move": 1}
    ),
    "make one in its pool": lambda ours, theirs: ours.api.nodes("pve1").qemu.post(vmid=7000, pool=theirs.pool),
    "make one from its image": lambda ours, theirs: ours.api.nodes("pve1").qemu.post(
        vmid=7000, pool=ours.pool, scsi0=f"shared:0,import-from={theirs.image}"
    ),
    "plug one into its network": lambda ours, theirs: ours.api.nodes("pve1").qemu.post(
        vmid=7000, pool=ours.pool, net0=f"virtio,bridge={theirs.network}"
    ),
    "remove its network": lambda ours, theirs: ours.api.cluster.sdn.vnets(theirs.network).delete(),
    "read its network": lambda ours, theirs: ours.api.cluster.sdn.vnets(theirs.network).get(),
    "apply networks": lambda ours, theirs: ours.api.cluster.sdn.put(),
    "list images": lambda ours, theirs: ours.api.nodes("pve1").storage("shared").content.get(),
    "remove its image": lambda ours, theirs: (
        ours.api.nodes("pve1").storage("shared").content(theirs.image).delete()
    ),
    "grant itself more": lambda ours, theirs: ours.api.access.acl.put(
        path=f"/pool/{theirs.pool}", roles=ROLE, users=f"mcloud.{ours.town.stack}.operator@pve"
    ),
}


def test_it_touches_nothing_of_another_town(places: tuple[Place, Place]) -> None:
    ours, theirs = places
    before = (theirs.guest.config.get(), theirs.guest.firewall.options.get(), _there(theirs))
    passed = [name for name, act in ACTS.items() if not _is_refused(act, ours, theirs)]
    assert passed == []
    assert (theirs.guest.config.get(), theirs.guest.firewall.options.get(), _there(theirs)) == before
    assert not [one for one in ours.town.outside.cluster.resources.get(type="vm") if one["vmid"] == 7000]


def _is_refused(act: Act, ours: Place, theirs: Place) -> bool:
    """403, and not for some other reason."""
    try:
        act(ours, theirs)
    except ResourceException as refused:
        return bool(refused.status_code == 403)
    return False


def _there(place: Place) -> tuple[Any, Any]:
    outside = place.town.outside
    return outside.cluster.sdn.vnets(place.network).get(), outside.pools.get(poolid=place.pool)[0]["members"][0][
        "vmid"
    ]
