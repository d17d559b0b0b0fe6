"""Who the services are at Keystone, and where each is found."""

from typing import Any

from lab.marche import EXTERNAL_NETWORK, FLAVORS
from lab.openstack.mariadb import MariaDB
from lab.openstack.settings import ENDPOINTS, REGION, Settings

INTERFACES = ("public", "internal", "admin")


def connect(settings: Settings, *, project: str = "admin") -> Any:
    """An `openstack.connection.Connection` as the cloud's administrator; nothing of the environment leaks in."""
    import openstack  # the client library is needed by few

    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_url=settings.endpoint("identity"),
        username="admin",
        password=settings.passwords.admin,
        project_name=project,
        user_domain_name="Default",
        project_domain_name="Default",
        region_name=REGION,
    )


def fill(settings: Settings) -> None:
    """The services' users and the catalogue; needs a running Keystone, and nothing but bootstrap done in it."""
    identity = connect(settings).identity
    project = identity.create_project(name="service", domain_id="default")
    roles = [role for role in identity.roles() if role.name in {"admin", "service"}]
    for service_type, (name, _) in ENDPOINTS.items():
        if service_type == "identity":
            continue  # bootstrap made it
        user = identity.create_user(name=name, password=settings.passwords.service, domain_id="default")
        for role in roles:
            identity.assign_project_role_to_user(project, user, role)
        service = identity.create_service(name=name, type=service_type)
        for interface in INTERFACES:
            place = {"url": settings.endpoint(service_type), "region_id": REGION}
            identity.create_endpoint(service_id=service.id, interface=interface, **place)


def move(settings: Settings, mariadb: MariaDB) -> None:
    """Points the catalogue of a prepared state to the ports of this cloud; Keystone must not run yet."""
    for service_type in ENDPOINTS:
        mariadb.run(
            "UPDATE keystone.endpoint e JOIN keystone.service s ON e.service_id = s.id "
            f"SET e.url = '{settings.endpoint(service_type)}' WHERE s.type = '{service_type}'"
        )


def open_zone(settings: Settings, zone: str, host: str) -> None:
    """An availability zone of that one compute host, which must be known already. May be repeated."""
    nova = connect(settings).compute
    found = [one for one in nova.aggregates() if one.name == zone]
    aggregate = found[0] if found else nova.create_aggregate(name=zone, availability_zone=zone)
    if host not in (aggregate.hosts or []):
        nova.add_host_to_aggregate(aggregate, host)


def furnish(settings: Settings) -> None:
    """What a region offers to every project: an external network and flavors. May be repeated."""
    cloud = connect(settings)
    if not any(cloud.network.networks(name=EXTERNAL_NETWORK)):
        physical = {"provider_network_type": "flat", "provider_physical_network": "public"}
        made = cloud.network.create_network(name=EXTERNAL_NETWORK, is_router_external=True, **physical)
        subnet = {"ip_version": 4, "cidr": "203.0.113.0/24", "is_dhcp_enabled": False}
        cloud.network.create_subnet(network_id=made.id, name=EXTERNAL_NETWORK, **subnet)
    known = {flavor.name for flavor in cloud.compute.flavors()}
    for name, (ram, vcpus, disk) in FLAVORS.items():
        if name not in known:
            cloud.compute.create_flavor(name=name, ram=ram, vcpus=vcpus, disk=disk)
