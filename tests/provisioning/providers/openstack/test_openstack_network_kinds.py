"""A town's project and what Neutron keeps for it, kind by kind."""

from dataclasses import replace
from typing import Any

import pytest

from provisioning.domain.errors import AlreadyExists, PermanentError, TemporaryError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent
from provisioning.kinds.openstack import (
    NetworkSpec,
    PortSpec,
    ProjectSpec,
    RouterSpec,
    SecurityGroupSpec,
    SubnetSpec,
)
from tests.provisioning.providers.battery import ChangeableBattery, NamelessBattery, differs, present
from tests.provisioning.providers.openstack.town import PROJECT, Town


class TestProject(ChangeableBattery):
    kind = "openstack.project"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("reserve", PROJECT)

    def spoil(self, town: Any, target: Target) -> None:
        """Somebody is generous, in all three services."""
        town.outside.identity.update_project(target.external_id, is_enabled=False)
        town.outside.compute.update_quota_set(target.external_id, cores=200)
        town.outside.network.update_quota(target.external_id, floating_ips=9)

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.identity.create_project(name=target.full_name, domain_id=town.domain)

    def test_quotas_may_be_less_than_what_is_used(self, town: Town, handler: Handler, target: Target) -> None:
        for name in ("one", "two"):
            town.network(name)
        after = {"networks": 1}
        narrow = town.target("reserve", ProjectSpec(**{**vars(PROJECT), **after}), external_id=town.project)
        handler.update(narrow, after)
        assert differs(narrow, handler.observe(narrow)) == {}
        with pytest.raises(PermanentError) as refused:
            town.network("three")
        assert refused.value.reason == "QuotaExceeded"

    def test_one_that_holds_anything_is_not_removed(self, town: Town, handler: Handler, target: Target) -> None:
        """Keystone would let it go, and leave the network to nobody."""
        town.network()
        with pytest.raises(PermanentError, match="networks") as refused:
            handler.delete(self.recorded(target, town.project))
        assert refused.value.reason == "NotEmpty"
        assert present(handler.observe(target)).external_id == town.project

    def test_what_neutron_made_for_it_by_itself_goes_with_it(self, town: Town, handler: Handler) -> None:
        group = SecurityGroupSpec(town.project, ["in any itself"])
        recorded = self.recorded(town.target("firewall", group), town.make("security_group", "firewall", group))
        with pytest.raises(PermanentError, match="holds security groups"):
            handler.delete(town.target("reserve", PROJECT, external_id=town.project))
        town.provider.handlers["openstack.security_group"].delete(recorded)
        assert self.groups(town) == ["default"]
        handler.delete(town.target("reserve", PROJECT, external_id=town.project))
        assert self.groups(town) == []

    @staticmethod
    def groups(town: Town) -> list[str]:
        """Of the project. Asked for by project, Neutron would make the first one anew."""
        every = town.outside.network.security_groups()
        return [one.name for one in every if one.project_id == town.project]


class TestNetwork(NamelessBattery):
    kind = "openstack.network"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("lan", NetworkSpec(town.project))

    def spoil(self, town: Any, target: Target) -> None:
        town.outside.network.update_network(target.external_id, is_port_security_enabled=False)

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.network.create_network(name=target.full_name, project_id=town.project)

    def unmark(self, town: Any, target: Target) -> None:
        town.outside.network.update_network(target.external_id, description="Mine now")

    def test_a_double_that_has_addresses_is_not_empty(self, town: Town, handler: Handler, target: Target) -> None:
        used = handler.create(target).external_id
        empty = handler.create(target).external_id
        town.subnet(str(used))
        assert handler.observe(target).empty == {empty}  # type: ignore[union-attr]

    def test_one_of_another_project_is_not_met(self, town: Town, handler: Handler, target: Target) -> None:
        elsewhere = town.make("project", "other", PROJECT)
        town.make("network", "lan", NetworkSpec(elsewhere))
        assert handler.observe(target) == Absent()

    def test_one_with_addresses_in_use_waits(self, town: Town, handler: Handler, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        subnet = town.subnet(str(recorded.external_id))
        town.make("router", "way", RouterSpec(town.project, [subnet]))
        with pytest.raises(TemporaryError) as waits:
            handler.delete(recorded)
        assert waits.value.reason == "InUse"

    def test_its_project_cannot_be_changed(self, town: Town, handler: Handler, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        with pytest.raises(PermanentError, match="The project of a network cannot change"):
            handler.update(recorded, {"project": "other"})


class TestSubnet(ChangeableBattery):
    kind = "openstack.subnet"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("addresses", SubnetSpec(town.project, town.network(), "10.20.0.0/24", dns=["10.20.0.2"]))

    def spoil(self, town: Any, target: Target) -> None:
        town.outside.network.update_subnet(target.external_id, is_dhcp_enabled=False, dns_nameservers=[])

    def take_name(self, town: Any, target: Target) -> None:
        """Half of its addresses."""
        words = {"network_id": target.spec.network, "project_id": town.project, "ip_version": 4}
        town.outside.network.create_subnet(cidr="10.20.0.0/25", **words)

    def test_the_same_addresses_in_another_network_take_nothing(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        town.subnet(town.network("other"), name="others")
        assert handler.observe(target) == Absent()
        handler.create(target)
        assert differs(target, handler.observe(target)) == {}


class TestRouter(NamelessBattery):
    kind = "openstack.router"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("way", RouterSpec(town.project, []))

    def spoil(self, town: Any, target: Target) -> None:
        """Somebody opens it to the outside, and joins a network of his own."""
        outside = town.outside.network.find_network(town.platform.external_network)
        town.outside.network.update_router(target.external_id, external_gateway_info={"network_id": outside.id})
        town.outside.network.add_interface_to_router(target.external_id, subnet_id=town.subnet(town.network()))

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.network.create_router(name=target.full_name, project_id=town.project)

    def unmark(self, town: Any, target: Target) -> None:
        town.outside.network.update_router(target.external_id, description="Mine now")

    def test_it_joins_what_it_is_told_to_and_leads_outside(self, town: Town, handler: Handler) -> None:
        one, two = (town.subnet(town.network(n), f"10.{i}.0.0/24", f"s-{n}") for i, n in enumerate(("a", "b")))
        joined = town.target("way", RouterSpec(town.project, [one, two], outside=True))
        joined = self.recorded(joined, handler.create(joined).external_id)
        assert differs(joined, handler.observe(joined)) == {}
        apart = town.target("way", RouterSpec(town.project, [two]), external_id=joined.external_id)
        after = differs(apart, handler.observe(apart))
        assert after == {"subnets": [two], "outside": False}
        handler.update(apart, after)
        assert differs(apart, handler.observe(apart)) == {}
        handler.delete(apart)
        assert handler.observe(apart) == Absent()

    def test_a_way_to_another_network_outside_is_told(self, town: Town, handler: Handler, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        other = town.outside.network.create_network(
            name="elsewhere", project_id=town.project, is_router_external=True
        )
        words = {"network_id": other.id, "ip_version": 4, "cidr": "198.51.100.0/24"}
        town.outside.network.create_subnet(**words)
        town.outside.network.update_router(recorded.external_id, external_gateway_info={"network_id": other.id})
        assert present(handler.observe(recorded)).attributes["outside"] == other.id
        handler.update(recorded, {"outside": False})
        assert present(handler.observe(recorded)).attributes["outside"] is False


class TestPort(NamelessBattery):
    kind = "openstack.port"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        network, subnet, group = town.wiring
        return town.target("plug", PortSpec(town.project, network, subnet, [group]))

    def spoil(self, town: Any, target: Target) -> None:
        """Whatever likes may pass, under any address."""
        words = {"security_group_ids": [], "is_port_security_enabled": False}
        town.outside.network.update_port(target.external_id, **words)

    def take_name(self, town: Any, target: Target) -> None:
        words = {"network_id": target.spec.network, "project_id": town.project}
        town.outside.network.create_port(name=target.full_name, **words)

    def unmark(self, town: Any, target: Target) -> None:
        town.outside.network.update_port(target.external_id, description="Mine now")

    def test_an_address_that_is_asked_for_is_had_and_told(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        fixed = replace(target, spec=replace(target.spec, address="10.20.0.77"))
        handler.create(fixed)
        seen = present(handler.observe(fixed))
        assert differs(fixed, seen) == {}
        assert seen.outputs["address"] == "10.20.0.77"
        with pytest.raises(AlreadyExists):
            handler.create(town.target("other", fixed.spec))


class TestSecurityGroup(NamelessBattery):
    kind = "openstack.security_group"
    RULES = (
        "in any itself",
        "in icmp/8-0 10.0.0.0/8",
        "in tcp/22 192.0.2.0/24",
        "in udp/6000-6010 ::/0",
        "out any 0.0.0.0/0",
    )

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("firewall", SecurityGroupSpec(town.project, list(self.RULES)))

    def spoil(self, town: Any, target: Target) -> None:
        """Everybody may come in, and nothing goes out."""
        neutron = town.outside.network
        for rule in neutron.get_security_group(target.external_id).security_group_rules:
            if rule["direction"] == "egress":
                neutron.delete_security_group_rule(rule["id"])
        words = {"direction": "ingress", "ether_type": "IPv4", "protocol": "tcp"}
        neutron.create_security_group_rule(security_group_id=target.external_id, **words)

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.network.create_security_group(name=target.full_name, project_id=town.project)

    def unmark(self, town: Any, target: Target) -> None:
        town.outside.network.update_security_group(target.external_id, description="Mine now")

    def test_a_rule_that_is_none_is_refused_before_anything_opens(self, town: Town, handler: Handler) -> None:
        with pytest.raises(PermanentError, match="is no rule"):
            handler.create(town.target("firewall", SecurityGroupSpec(town.project, ["in everything"])))
