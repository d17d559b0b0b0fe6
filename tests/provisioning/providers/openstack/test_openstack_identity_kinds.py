"""Who may do what in a town's project: user, group, grant and credential, kind by kind."""

import logging
from contextlib import suppress
from typing import Any

import openstack
import pytest
from openstack import exceptions

from lab.deadline import wait_until
from provisioning.domain.errors import PermanentError, TemporaryError
from provisioning.domain.handler import Handler, Target
from provisioning.domain.observation import Absent, Present
from provisioning.domain.secrets import generate
from provisioning.kinds.openstack import GrantSpec, GroupSpec, UserSpec
from tests.provisioning.providers.battery import Battery, ChangeableBattery, differs, present
from tests.provisioning.providers.openstack.town import PROJECT, Town


class TestUser(ChangeableBattery):
    kind = "openstack.user"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("portal", UserSpec(), secrets={"password": generate("password")})

    def spoil(self, town: Any, target: Target) -> None:
        town.outside.identity.update_user(target.external_id, is_enabled=False)

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.identity.create_user(name=target.full_name, domain_id=town.domain)


class TestGroup(ChangeableBattery):
    kind = "openstack.group"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("people", GroupSpec([town.user]))

    def spoil(self, town: Any, target: Target) -> None:
        """Somebody else comes in, and ours is put out."""
        stranger = town.outside.identity.create_user(name=f"stranger-{town.stack}", domain_id=town.domain)
        town.outside.identity.add_user_to_group(stranger.id, target.external_id)
        town.outside.identity.remove_user_from_group(town.user, target.external_id)

    def take_name(self, town: Any, target: Target) -> None:
        town.outside.identity.create_group(name=target.full_name, domain_id=town.domain)


class TestGrant(Battery):
    kind = "openstack.grant"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        return town.target("may", GrantSpec(town.project, "member", town.group))

    def test_a_strangers_object_of_that_name_is_not_ours(self, town: Any, handler: Handler, target: Target) -> None:
        """What our group is granted is ours, whoever granted it: it has no name of its own to be taken."""
        role = town.outside.identity.find_role("member", ignore_missing=False)
        town.outside.identity.assign_project_role_to_group(town.project, town.group, role)
        assert present(handler.observe(target)).ours

    def test_what_keystone_refuses_is_not_taken_for_granted(self, town: Town, handler: Handler) -> None:
        nobody = town.target("may", GrantSpec(town.project, "member", "f" * 32))
        with pytest.raises(PermanentError) as caught:
            handler.create(nobody)
        assert caught.value.reason == "NotThere"

    def test_another_role_or_project_is_another_grant(self, town: Town, handler: Handler, target: Target) -> None:
        handler.create(target)
        elsewhere = town.make("project", "other", PROJECT)
        for spec in (GrantSpec(town.project, "reader", town.group), GrantSpec(elsewhere, "member", town.group)):
            assert handler.observe(town.target("may", spec)) == Absent()

    def test_nobody_s_town_becomes_administrator(self, town: Town, handler: Handler) -> None:
        with pytest.raises(PermanentError, match="The role admin is for nobody's town"):
            handler.create(town.target("may", GrantSpec(town.project, "admin", town.group)))

    def test_a_role_that_is_not_there_is_the_operator_s_to_make(self, town: Town, handler: Handler) -> None:
        with pytest.raises(PermanentError, match="no role archivist"):
            handler.observe(town.target("may", GrantSpec(town.project, "archivist", town.group)))


class TestCredential(Battery):
    kind = "openstack.credential"

    @pytest.fixture
    def target(self, town: Town) -> Target:
        town.grant()
        return town.credential_target()

    def take_name(self, town: Any, target: Target) -> None:
        his = _connect(town, user_id=town.user, password=town.password.reveal(), project_id=town.project)

        def made() -> bool:
            """A Keystone that is held up does not see at once what was granted."""
            with suppress(exceptions.BadRequestException):
                his.identity.create_application_credential(town.user, target.full_name)
                return True
            return False

        wait_until("his credential", made, timeout_s=30)

    def test_it_opens_its_project_with_our_secret_and_nothing_else(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        other = Town(town.platform, town.provider, f"{town.stack}x", town.outside, town.folder)
        theirs = other.network()
        town.network()
        tenant = _signed_in(town, handler.create(target).external_id, target)
        assert [one.project_id for one in tenant.network.networks(is_router_external=False)] == [town.project]
        assert tenant.network.create_security_group(name="mine").project_id == town.project
        for forbidden in (
            lambda: tenant.network.get_network(theirs),
            lambda: tenant.network.update_network(theirs, name="mine"),
            lambda: tenant.network.delete_network(theirs, ignore_missing=False),
            lambda: tenant.network.create_port(network_id=theirs),
            lambda: tenant.network.create_subnet(network_id=theirs, ip_version=4, cidr="10.30.0.0/24"),
            lambda: tenant.network.create_network(name="n", project_id=other.project),
            lambda: list(tenant.identity.users()),
            lambda: tenant.identity.create_application_credential(town.user, "more"),
            lambda: tenant.compute.update_quota_set(town.project, cores=99),
            lambda: tenant.network.update_quota(town.project, networks=99),
        ):
            with pytest.raises(exceptions.HttpException) as refused:
                forbidden()
            assert refused.value.response.status_code in {400, 403, 404}

    def test_a_user_who_is_disabled_takes_it_along(self, town: Town, handler: Handler, target: Target) -> None:
        id = handler.create(target).external_id
        user = town.target("portal", UserSpec(enabled=False), external_id=town.user)
        town.provider.handlers["openstack.user"].update(user, {"enabled": False})
        with pytest.raises(exceptions.SDKException, match="401"):
            _signed_in(town, id, target)

    def test_a_password_that_somebody_changed_is_told_and_tried_again(
        self, town: Town, handler: Handler, target: Target
    ) -> None:
        town.outside.identity.update_user(town.user, password="another")
        with pytest.raises(TemporaryError, match="was not let in") as caught:
            handler.create(target)
        assert caught.value.unsent

    def test_it_is_gone_with_its_user(self, town: Town, handler: Handler, target: Target) -> None:
        recorded = self.recorded(target, handler.create(target).external_id)
        town.outside.identity.delete_user(town.user)
        assert handler.observe(recorded) == Absent()

    def test_one_with_other_rights_shows(self, town: Town, handler: Handler, target: Target) -> None:
        his = _connect(town, user_id=town.user, password=town.password.reveal(), project_id=town.project)
        words = {"description": str(target.marker), "unrestricted": True, "roles": [{"name": "reader"}]}
        his.identity.create_application_credential(town.user, target.full_name, **words)
        after = differs(target, handler.observe(target))
        assert after == {"role": "member", "restricted": True}
        with pytest.raises(PermanentError, match="cannot change"):
            handler.update(target, after)

    def test_nothing_that_is_seen_or_logged_of_it_says_a_secret(
        self, town: Town, handler: Handler, target: Target, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        shown = repr((handler.create(target), handler.observe(target))) + caplog.text
        assert isinstance(handler.observe(target), Present)
        for secret in (target.secrets["secret"], town.password):
            assert secret.reveal() not in shown


def _signed_in(town: Town, id: str | None, target: Target) -> Any:
    assert id
    made = _connect(
        town,
        auth_type="v3applicationcredential",
        application_credential_id=id.partition(" ")[2],
        application_credential_secret=target.secrets["secret"].reveal(),
    )
    made.authorize()
    return made


def _connect(town: Town, **who: str) -> Any:
    nothing_else = {"load_yaml_config": False, "load_envvars": False, "region_name": town.platform.region}
    return openstack.connect(auth_url=town.platform.endpoints["api"], **nothing_else, **who)
