"""Every call of the simulated cloud, one line each; what is not here is answered 501."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.simulated.openstack import (
    domains,
    firewall,
    glance,
    grants,
    hosts,
    networks,
    neutron,
    nova,
    people,
    ports,
    routers,
    servers,
    signing_in,
)
from lab.simulated.openstack.call import Handler


@dataclass(frozen=True)
class Route:
    """`path` names what stands in it: `{project}`. `free`: no token is asked for. `atomic` as for the gateway's."""

    name: str
    method: str
    path: str
    handler: Handler
    free: bool = False
    atomic: bool = True
    lists: bool = False


@dataclass(frozen=True)
class Found:
    """Where a call goes, and what its path names."""

    route: Route
    ids: Mapping[str, str]


def _of(name: str, path: str, *verbs: tuple[str, str, Handler]) -> tuple[Route, ...]:
    """`name` is what its calls are about; a list's answer may lag behind, as the harness likes."""
    return tuple(Route(f"{name}_{word}", method, path, to, lists=word == "list") for word, method, to in verbs)


ROUTES: tuple[Route, ...] = (
    Route("keystone_versions", "GET", "identity/v3", signing_in.versions, free=True),
    Route("keystone_sign_in", "POST", "identity/v3/auth/tokens", signing_in.sign_in, free=True),
    *_of("domains", "identity/v3/domains", ("list", "GET", domains.list_domains),
         ("create", "POST", domains.create_domain)),
    *_of("domains", "identity/v3/domains/{domain}", ("get", "GET", domains.get_domain),
         ("update", "PATCH", domains.update_domain), ("delete", "DELETE", domains.delete_domain)),
    *_of("projects", "identity/v3/projects", ("list", "GET", domains.list_projects),
         ("create", "POST", domains.create_project)),
    *_of("projects", "identity/v3/projects/{project}", ("get", "GET", domains.get_project),
         ("update", "PATCH", domains.update_project), ("delete", "DELETE", domains.delete_project)),
    *_of("project_tags", "identity/v3/projects/{project}/tags/{tag}", ("put", "PUT", domains.put_tag),
         ("delete", "DELETE", domains.delete_tag)),
    *_of("users", "identity/v3/users", ("list", "GET", people.list_users), ("create", "POST", people.create_user)),
    *_of("users", "identity/v3/users/{user}", ("get", "GET", people.get_user),
         ("update", "PATCH", people.update_user), ("delete", "DELETE", people.delete_user)),
    *_of("groups", "identity/v3/groups", ("list", "GET", people.list_groups),
         ("create", "POST", people.create_group)),
    *_of("groups", "identity/v3/groups/{group}", ("get", "GET", people.get_group),
         ("delete", "DELETE", people.delete_group)),
    *_of("members", "identity/v3/groups/{group}/users", ("list", "GET", people.list_members)),
    *_of("members", "identity/v3/groups/{group}/users/{user}", ("add", "PUT", people.add_member),
         ("remove", "DELETE", people.remove_member)),
    *_of("roles", "identity/v3/roles", ("list", "GET", grants.list_roles)),
    *_of("roles", "identity/v3/roles/{role}", ("get", "GET", grants.get_role)),
    *_of("grants", "identity/v3/role_assignments", ("list", "GET", grants.list_assignments)),
    *_of("grants", "identity/v3/projects/{project}/groups/{group}/roles/{role}", ("create", "PUT", grants.grant),
         ("delete", "DELETE", grants.revoke)),
    *_of("credentials", "identity/v3/users/{user}/application_credentials",
         ("list", "GET", grants.list_credentials), ("create", "POST", grants.create_credential)),
    *_of("credentials", "identity/v3/users/{user}/application_credentials/{credential}",
         ("get", "GET", grants.get_credential), ("delete", "DELETE", grants.delete_credential)),
    Route("glance_versions", "GET", "image", glance.versions, free=True),
    *_of("images", "image/v2/images", ("list", "GET", glance.list_images), ("create", "POST", glance.create_image)),
    *_of("images", "image/v2/images/{image}", ("get", "GET", glance.get_image),
         ("update", "PATCH", glance.update_image), ("delete", "DELETE", glance.delete_image)),
    *_of("image_tags", "image/v2/images/{image}/tags/{tag}", ("put", "PUT", glance.put_tag),
         ("delete", "DELETE", glance.delete_tag)),
    Route("images_upload", "PUT", "image/v2/images/{image}/file", glance.upload, atomic=False),
    Route("images_download", "GET", "image/v2/images/{image}/file", glance.download),
    Route("images_stage", "PUT", "image/v2/images/{image}/stage", glance.stage, atomic=False),
    Route("images_import", "POST", "image/v2/images/{image}/import", glance.start_import),
    *_of("networks", "network/v2.0/networks", ("list", "GET", networks.list_networks),
         ("create", "POST", networks.create_network)),
    *_of("networks", "network/v2.0/networks/{network}", ("get", "GET", networks.get_network),
         ("update", "PUT", networks.update_network), ("delete", "DELETE", networks.delete_network)),
    *_of("subnets", "network/v2.0/subnets", ("list", "GET", networks.list_subnets),
         ("create", "POST", networks.create_subnet)),
    *_of("subnets", "network/v2.0/subnets/{subnet}", ("get", "GET", networks.get_subnet),
         ("update", "PUT", networks.update_subnet), ("delete", "DELETE", networks.delete_subnet)),
    *_of("ports", "network/v2.0/ports", ("list", "GET", ports.list_ports), ("create", "POST", ports.create_port)),
    *_of("ports", "network/v2.0/ports/{port}", ("get", "GET", ports.get_port), ("update", "PUT", ports.update_port),
         ("delete", "DELETE", ports.delete_port)),
    *_of("routers", "network/v2.0/routers", ("list", "GET", routers.list_routers),
         ("create", "POST", routers.create_router)),
    *_of("routers", "network/v2.0/routers/{router}", ("get", "GET", routers.get_router),
         ("update", "PUT", routers.update_router), ("delete", "DELETE", routers.delete_router)),
    *_of("router_legs", "network/v2.0/routers/{router}/add_router_interface",
         ("add", "PUT", routers.add_interface)),
    *_of("router_legs", "network/v2.0/routers/{router}/remove_router_interface",
         ("remove", "PUT", routers.remove_interface)),
    *_of("security_groups", "network/v2.0/security-groups", ("list", "GET", firewall.list_groups),
         ("create", "POST", firewall.create_group)),
    *_of("security_groups", "network/v2.0/security-groups/{group}", ("get", "GET", firewall.get_group),
         ("update", "PUT", firewall.update_group), ("delete", "DELETE", firewall.delete_group)),
    *_of("security_rules", "network/v2.0/security-group-rules", ("create", "POST", firewall.create_rule)),
    *_of("security_rules", "network/v2.0/security-group-rules/{rule}", ("delete", "DELETE", firewall.delete_rule)),
    *_of("network_quotas", "network/v2.0/quotas/{project}", ("get", "GET", neutron.get_quota),
         ("update", "PUT", neutron.update_quota), ("delete", "DELETE", neutron.delete_quota)),
    Route("nova_versions", "GET", "compute/v2.1", nova.versions, free=True),
    *_of("flavors", "compute/v2.1/flavors/detail", ("list", "GET", nova.list_flavors)),
    *_of("flavors", "compute/v2.1/flavors", ("create", "POST", nova.create_flavor)),
    *_of("flavors", "compute/v2.1/flavors/{flavor}", ("get", "GET", nova.get_flavor),
         ("delete", "DELETE", nova.delete_flavor)),
    *_of("compute_quotas", "compute/v2.1/os-quota-sets/{project}", ("get", "GET", nova.get_quota),
         ("update", "PUT", nova.update_quota), ("delete", "DELETE", nova.delete_quota)),
    *_of("compute_services", "compute/v2.1/os-services", ("list", "GET", hosts.list_services)),
    *_of("hypervisors", "compute/v2.1/os-hypervisors/detail", ("list", "GET", hosts.list_hypervisors)),
    *_of("servers", "compute/v2.1/servers/detail", ("list", "GET", servers.list_detail)),
    *_of("servers", "compute/v2.1/servers", ("list", "GET", servers.list_short),
         ("create", "POST", servers.create_server)),
    *_of("servers", "compute/v2.1/servers/{server}", ("get", "GET", servers.get_server),
         ("update", "PUT", servers.update_server), ("delete", "DELETE", servers.delete_server)),
    *_of("servers", "compute/v2.1/servers/{server}/action", ("action", "POST", servers.act)),
)  # fmt: skip


def find(method: str, path: str) -> Found | None:
    """None for what is not here. A word of a path comes before a name in its place: `flavors/detail`."""
    asked = path.strip("/").split("/")
    for route in ROUTES:
        wanted = route.path.split("/")
        if route.method == method and len(wanted) == len(asked):
            pairs = list(zip(wanted, asked, strict=True))
            if all(word == given or (word[0] == "{" and given) for word, given in pairs):
                return Found(route, {word[1:-1]: given for word, given in pairs if word[0] == "{"})
    return None
