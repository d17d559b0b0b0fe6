"""What a drill of one machine asks of the clouds, by a script that does nothing else: the image out of the archive
and into Glance, an identity, a network, a machine, and its console until the text is there. It polls as the portal
does.
"""

import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.towns import KEY, LAN, Town

# Seconds between two looks: the portal's at an import and at a machine that is built, and at a console.
POLL_S: Final = 2.0
CONSOLE_S: Final = 1.0
LINES: Final = 4000
_FLAVOR: Final = "dr.small"
_LONGEST_S: Final = 600


def bare_drill(outside: Any, town: Town, domain: str) -> tuple[float, float]:
    """Seconds from the first byte to the text, and those after the machine was asked for. `outside`: the cloud's
    administrator; `domain`: the portal's, by name.
    """
    name, made = f"bare-{secrets.token_hex(4)}", {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "image"
        began = time.perf_counter()
        town.s3("restore").download_file(town.bucket, KEY, str(file), ExtraArgs={"VersionId": town.version})
        made["user"], made["group"], inside = _identity(outside, town, name, domain)
        made["network"], made["security_group"], wiring = _network(outside, town, name)
        made["image"] = _image(outside, town, name, file)
        made["port"] = outside.network.create_port(name=name, **wiring).id
        asked = time.perf_counter()
        made["server"] = _server(inside, town, name, made["image"], made["port"])
        _until(lambda: outside.compute.get_server(made["server"]).status == "ACTIVE", POLL_S)
        _until(lambda: town.image.says in _console(outside, made["server"]), CONSOLE_S)
        ended = time.perf_counter()
    _forget(outside, made)
    return ended - began, ended - asked


def _identity(outside: Any, town: Town, name: str, domain: str) -> tuple[str, str, Any]:
    """A user of the project by a group, and a connection by a credential that he made."""
    identity, password = outside.identity, secrets.token_urlsafe(32)
    where = identity.find_domain(domain, ignore_missing=False).id
    user = identity.create_user(name=name, domain_id=where, password=password)
    group = identity.create_group(name=name, domain_id=where)
    identity.add_user_to_group(user, group)
    role = identity.find_role("member", ignore_missing=False)
    identity.assign_project_role_to_group(town.project, group, role)
    secret = secrets.token_urlsafe(32)

    def credential() -> Any:
        his = _signed_in(outside, user_id=user.id, password=password, project_id=town.project)
        return his.identity.create_application_credential(user.id, name, secret=secret, roles=[{"name": "member"}])

    made = _again(credential)
    words = {"application_credential_id": made.id, "application_credential_secret": secret}
    return user.id, group.id, _signed_in(outside, auth_type="v3applicationcredential", **words)


def _signed_in(outside: Any, **who: str) -> Any:
    import openstack

    where = {"auth_url": outside.config.auth["auth_url"], "region_name": outside.config.region_name}
    return openstack.connect(load_yaml_config=False, load_envvars=False, **where, **who)


def _again(call: Callable[[], Any]) -> Any:
    """A real Keystone takes no token in the second of a change."""
    from openstack.exceptions import HttpException

    for _ in range(5):
        try:
            return call()
        except HttpException:
            time.sleep(1)
    return call()


def _network(outside: Any, town: Town, name: str) -> tuple[str, str, dict[str, Any]]:
    """A network that leads nowhere, and what a port on it is made of."""
    net, mine = outside.network, {"project_id": town.project}
    network = net.create_network(name=name, **mine)
    subnet = net.create_subnet(network_id=network.id, cidr=LAN, ip_version=4, gateway_ip=None, **mine)
    group = net.create_security_group(name=name, **mine)
    for rule in net.get_security_group(group.id).security_group_rules:
        net.delete_security_group_rule(rule["id"])
    for direction in ("ingress", "egress"):
        net.create_security_group_rule(
            security_group_id=group.id, direction=direction, ether_type="IPv4", remote_ip_prefix=LAN, **mine
        )
    wiring = {**mine, "network_id": network.id, "fixed_ips": [{"subnet_id": subnet.id}]}
    return network.id, group.id, {**wiring, "security_groups": [group.id]}


def _image(outside: Any, town: Town, name: str, file: Path) -> str:
    words = {"owner": town.project, "disk_format": town.image.form, "container_format": "bare"}
    made = outside.image.create_image(name, allow_duplicates=True, visibility="private", **words)
    with file.open("rb") as content:
        outside.image.stage_image(made, data=content)
    outside.image.post(f"/images/{made.id}/import", json={"method": {"name": "glance-direct"}})
    _until(lambda: outside.image.get_image(made.id).status == "active", POLL_S)
    return str(made.id)


def _server(inside: Any, town: Town, name: str, image: str, port: str) -> str:
    (flavor,) = [one.id for one in inside.compute.flavors() if one.name == _FLAVOR]
    words = {"networks": [{"port": port}], "availability_zone": town.zone}
    return str(inside.compute.create_server(name=name, image_id=image, flavor_id=flavor, **words).id)


def _console(outside: Any, server: str) -> str:
    return str(outside.compute.get_server_console_output(server, length=LINES)["output"] or "")


def _until(done: Callable[[], bool], every_s: float) -> None:
    began = time.perf_counter()
    while not done():
        assert time.perf_counter() - began < _LONGEST_S, "the cloud does not finish"
        time.sleep(every_s)


def _forget(outside: Any, made: dict[str, str]) -> None:
    """What lasts of it, in the order in which it goes."""
    outside.compute.delete_server(made["server"])
    outside.compute.wait_for_delete(outside.compute.get_server(made["server"]), wait=120)
    outside.network.delete_port(made["port"])
    outside.network.delete_network(made["network"])
    outside.network.delete_security_group(made["security_group"])
    outside.image.delete_image(made["image"])
    outside.identity.delete_user(made["user"])
    outside.identity.delete_group(made["group"])
