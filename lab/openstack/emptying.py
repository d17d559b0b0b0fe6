"""How a domain of the lab goes, with all that a portal or a test made in it."""

from typing import Any


def empty_domain(outside: Any, domain: Any) -> None:
    """Projects with all that is in them, people, and the domain; `outside` is the cloud's administrator."""
    projects = {project.id for project in outside.identity.projects(domain_id=domain.id)}
    _empty(outside, projects)
    for project in projects:
        outside.identity.delete_project(project)
    for user in list(outside.identity.users(domain_id=domain.id)):
        outside.identity.delete_user(user)
    outside.identity.update_domain(domain, is_enabled=False)
    outside.identity.delete_domain(domain)


def _empty(outside: Any, projects: set[str]) -> None:
    """In the order in which one holds up the other."""

    def ours(listed: Any) -> list[Any]:
        return [one for one in listed if one.project_id in projects]

    nova, neutron = outside.compute, outside.network
    for server in ours(nova.servers(all_projects=True)):
        nova.delete_server(server, force=True)
        nova.wait_for_delete(server, interval=0.2, wait=60)
    for router in ours(neutron.routers()):
        neutron.update_router(router, external_gateway_info={})
        for port in list(neutron.ports(device_id=router.id)):
            neutron.remove_interface_from_router(router, port_id=port.id)
        neutron.delete_router(router)
    for port in ours(neutron.ports()):
        neutron.delete_port(port)
    for network in ours(neutron.networks()):
        neutron.delete_network(network)
    for group in ours(neutron.security_groups()):
        neutron.delete_security_group(group)
    for image in [one for one in outside.image.images() if one.owner in projects]:
        outside.image.delete_image(image)
