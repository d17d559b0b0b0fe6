"""Pools, users, grants and tokens of towns, by the portal's own token of separated privilege."""

from typing import Any

import pytest

from lab.proxmox.runbook import ROLE
from provisioning.domain.errors import PermanentError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent
from provisioning.kinds.proxmox import GrantSpec, PoolSpec, TokenSpec, UserSpec
from tests.lab.proxmox.clients import by_token, ended
from tests.provisioning.providers.battery import Battery, ChangeableBattery, differs, present
from tests.provisioning.providers.proxmox.town import Town

USER = "mcloud.town12.operator@pve"


class TestPool(ChangeableBattery):
    kind = "proxmox.pool"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("reserve", PoolSpec(("shared",)))

    def spoil(self, town: Any, target: Target) -> None:
        town.outside.pools.put(poolid=target.full_name, storage="shared", delete=1)

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.pools.post(poolid=target.full_name, comment="A stranger's")

    def test_one_that_holds_a_guest_is_not_removed(self, town: Town, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        api = town.outside
        ended(api, api.nodes("pve1").qemu.post(vmid=100, pool=target.full_name))
        with pytest.raises(PermanentError) as refused:
            handler.delete(self.recorded(target, made.external_id))
        assert refused.value.reason == "NotEmpty"


class TestUser(ChangeableBattery):
    kind = "proxmox.user"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("operator", UserSpec())

    def spoil(self, town: Any, target: Target) -> None:
        town.outside.access.users(USER).put(enable=0)

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.access.users.post(userid=USER, comment="A stranger")


class TestToken(ChangeableBattery):
    kind = "proxmox.token"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        town.provider.handlers["proxmox.user"].create(town.target("operator", UserSpec()))
        return town.target("access", TokenSpec(USER))

    def spoil(self, town: Any, target: Target) -> None:
        town.outside.access.users(USER).token("access").put(privsep=0)

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.access.users(USER).token("access").post(comment="A stranger's")

    def test_its_value_is_handed_out_once(self, handler: Handler, target: Target) -> None:
        made = handler.create(target)
        assert made.secrets["secret"].reveal().count("-") == 4
        assert made.secrets["secret"].reveal() not in repr(handler.observe(target))

    def test_after_a_lost_answer_the_next_incarnation_has_another_id(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        first = handler.create(target)
        second = handler.create(town.target("access", TokenSpec(USER), incarnation=2))
        assert (first.external_id, second.external_id) == (f"{USER}!access", f"{USER}!access-2")

    def test_it_is_gone_with_its_user(self, town: Town, handler: Handler, target: Target) -> None:
        handler.create(target)
        town.outside.access.users(USER).delete()
        assert handler.observe(target) == Absent()


class TestGrant(Battery):
    kind = "proxmox.grant"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        town.provider.handlers["proxmox.user"].create(town.target("operator", UserSpec()))
        town.provider.handlers["proxmox.pool"].create(town.target("reserve", PoolSpec()))
        return town.target("may-run", GrantSpec("/pool/mcloud.town12.reserve", ROLE, USER))

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Handler, target: Target) -> None:
        """A grant to our identity is ours, whoever made it: it has no name of its own to be taken."""
        town.outside.access.acl.put(path=target.spec.path, roles=ROLE, users=USER)
        assert present(handler.observe(target)).ours

    def test_the_portals_token_grants_nothing_outside_pools(self, town: Town, handler: Handler) -> None:
        with pytest.raises(PermanentError) as refused:
            handler.create(town.target("too-much", GrantSpec("/", "Administrator", "portal@pve")))
        assert refused.value.reason == "Forbidden"

    def test_one_that_no_longer_reaches_below_is_mended(self, town: Town, handler: Handler, target: Target) -> None:
        handler.create(target)
        town.outside.access.acl.put(path=target.spec.path, roles=ROLE, users=USER, propagate=0)
        after = differs(target, handler.observe(target))
        assert after == {"propagate": True}
        handler.update(target, after)
        assert differs(target, handler.observe(target)) == {}

    def test_a_token_with_both_grants_works_in_its_pool_and_nowhere_else(self, town: Town, target: Target) -> None:
        handlers = town.provider.handlers
        handlers["proxmox.grant"].create(target)
        made = handlers["proxmox.token"].create(town.target("access", TokenSpec(USER)))
        holder = GrantSpec("/pool/mcloud.town12.reserve", ROLE, made.external_id)
        handlers["proxmox.grant"].create(town.target("token-may-run", holder))
        api = by_token(town.wire, USER, "access", made.secrets["secret"].reveal())
        assert [pool["poolid"] for pool in api.pools.get()] == ["mcloud.town12.reserve"]
        assert ended(api, api.nodes("pve1").qemu.post(vmid=100, pool="mcloud.town12.reserve")) == "OK"
