"""The region file: sites and platforms, parsed with the line at fault in every refusal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final
from urllib.parse import urlsplit

import yaml
from yaml.constructor import SafeConstructor

from provisioning.domain.names import is_part

# 60 characters hold `<installation>.<12 of the stack>.archive-<30>`; a second incarnation takes two more, and a
# platform's marks add 26 to its id.
LONGEST_INSTALLATION: Final = 8
LONGEST_PLATFORM: Final = 34
PROVIDERS: Final = ("ceph", "openstack", "proxmox", "people")
RESOURCES: Final = ("storage_gib", "vcpus", "ram_mib")
# Ways to the archives beside S3, each with the schemes that its endpoint may have.
DATA_ENDPOINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "swift": ("http", "https"),
    "sftp": ("sftp",),
    "webdav": ("http", "https"),
}
# The one in C where there is one: ten times as fast, and the same tree.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HOST_KEY: Final = re.compile(r"(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/=]{40,}\Z")


class RegionFileError(ValueError):
    """The file cannot be used; the message begins with `line N:`."""


@dataclass(frozen=True)
class Site:
    """A data centre. `lat` and `lon` in degrees; `seismic_zone` 1 (worst) to 4."""

    code: str
    name: str
    lat: float
    lon: float
    seismic_zone: int


@dataclass(frozen=True)
class PlacementTarget:
    """Where Ceph's rules put an archive's copies: one copy on each of `sites`."""

    id: str
    sites: tuple[str, ...]
    copies: int


@dataclass(frozen=True)
class Platform:
    """One installation of a provider, spanning one or more sites. `sftp_host_key` is the public key of its SFTP
    gateway, as a line of known_hosts without the host: `ssh-ed25519 AAAA…`. `domain` is OpenStack's, by name, and
    this portal's alone: its projects and people are made there. `vmid_range` (first, last), `sdn_zone` and
    `backup_storage` are Proxmox's: which VMIDs are this portal's to give, in which zone it makes networks, and on
    which storage of the type `pbs` it makes backups of guests, in a namespace that is this portal's alone.
    """

    id: str
    provider: str
    sites: tuple[str, ...]
    endpoints: Mapping[str, str]
    credentials_file: str
    queue: str
    region: str = ""
    ca_file: str | None = None
    totals_by_site: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    overcommit: Mapping[str, float] = field(default_factory=dict)
    placement_targets: tuple[PlacementTarget, ...] = ()
    vmid_range: tuple[int, ...] = ()
    sdn_zone: str = ""
    backup_storage: str = ""
    external_network: str | None = None
    domain: str = ""
    maintenance: str | None = None
    sftp_host_key: str = ""

    @property
    def protocols(self) -> tuple[str, ...]:
        """How archives are reached here: S3, and what else has an endpoint."""
        return ("s3", *(name for name in DATA_ENDPOINTS if name in self.endpoints))


@dataclass(frozen=True)
class Region:
    """The whole file."""

    installation: str
    sites: tuple[Site, ...]
    platforms: tuple[Platform, ...]

    def platform(self, id: str) -> Platform | None:
        """The platform of that id, or None when the file lost it."""
        return next((p for p in self.platforms if p.id == id), None)

    def site(self, code: str) -> Site | None:
        """The site of that code, or None."""
        return next((s for s in self.sites if s.code == code), None)


class _Node:
    """A YAML mapping that remembers the line of each of its fields."""

    def __init__(self, node: yaml.Node, what: str) -> None:
        if not isinstance(node, yaml.MappingNode):
            raise RegionFileError(f"line {node.start_mark.line + 1}: {what} must be a mapping.")
        self.what, self.line = what, node.start_mark.line + 1
        self.nodes = {k.value: v for k, v in node.value}
        self.lines = {k.value: k.start_mark.line + 1 for k, _ in node.value}

    def refuse(self, name: str, why: str) -> RegionFileError:
        return RegionFileError(f"line {self.lines.get(name, self.line)}: {self.what}: {name} {why}")

    def known(self, names: tuple[str, ...]) -> None:
        for name in self.nodes:
            if name not in names:
                raise self.refuse(name, f"is not known here; known are {', '.join(names)}.")

    def plain(self, name: str, default: Any = ...) -> Any:
        if name not in self.nodes:
            if default is ...:
                raise self.refuse(name, "is missing.")
            return default
        return SafeConstructor().construct_document(self.nodes[name])

    def typed(self, name: str, kinds: type | tuple[type, ...], default: Any = ...) -> Any:
        value = self.plain(name, default)
        if value is not default and not isinstance(value, kinds):
            raise self.refuse(name, f"has the wrong type ({value!r}).")
        return value

    def items(self, name: str, default: Any = ...) -> "list[_Node]":
        if name not in self.nodes and default is not ...:
            return []
        node = self.nodes.get(name)
        if not isinstance(node, yaml.SequenceNode):
            raise self.refuse(name, "must be a list.")
        return [_Node(child, f"{name}[{i}]") for i, child in enumerate(node.value)]


def parse_region(text: str) -> Region:
    """The region that `text` (YAML) describes; RegionFileError with the line at fault."""
    try:
        node = yaml.compose(text, _LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RegionFileError(f"line {line}: not YAML: {error.problem}.") from error
    if node is None:
        raise RegionFileError("line 1: the file is empty.")
    top = _Node(node, "region file")
    top.known(("installation", "sites", "platforms"))
    sites = tuple(_site(n) for n in top.items("sites"))
    codes = {s.code for s in sites}
    platforms = tuple(_platform(n, codes) for n in top.items("platforms"))
    if len({p.id for p in platforms}) != len(platforms):
        raise top.refuse("platforms", "names one id twice.")
    return Region(_named(top, "installation", LONGEST_INSTALLATION), sites, platforms)


def _named(node: _Node, name: str, longest: int) -> str:
    """A name that other names are made of: refused here, or every row made of it stops much later."""
    found = str(node.typed(name, str))
    if len(found) > longest or not is_part(found):
        raise node.refuse(name, f"has 1 to {longest} small letters, digits and inner hyphens, not {found[:80]!r}.")
    return found


def _site(node: _Node) -> Site:
    node.known(tuple(f.name for f in fields(Site)))
    return Site(
        node.typed("code", str),
        node.typed("name", str),
        float(node.typed("lat", (int, float))),
        float(node.typed("lon", (int, float))),
        node.typed("seismic_zone", int),
    )


def _platform(node: _Node, codes: set[str]) -> Platform:
    node.known(tuple(f.name for f in fields(Platform)))
    provider = node.typed("provider", str)
    if provider not in PROVIDERS:
        raise node.refuse("provider", f"{provider!r} is not one of {', '.join(PROVIDERS)}.")
    sites = tuple(node.typed("sites", list))
    for code in sites:
        if code not in codes:
            raise node.refuse("sites", f"names {code!r}, which is no site of this file.")
    endpoints = _endpoints(node)
    return Platform(
        id=_named(node, "id", LONGEST_PLATFORM),
        provider=provider,
        sites=sites,
        endpoints=endpoints,
        credentials_file=node.typed("credentials_file", str),
        queue=node.typed("queue", str),
        region=node.typed("region", str, ""),
        ca_file=node.plain("ca_file", None),
        totals_by_site=_totals(node, sites),
        overcommit=node.typed("overcommit", dict, {}) or {},
        placement_targets=tuple(_target(n, sites) for n in node.items("placement_targets", None)),
        vmid_range=_vmid_range(node),
        sdn_zone=str(node.typed("sdn_zone", str, "")),
        backup_storage=str(node.typed("backup_storage", str, "")),
        external_network=node.plain("external_network", None),
        domain=_domain(node, provider),
        maintenance=node.plain("maintenance", None),
        sftp_host_key=_host_key(node, needed="sftp" in endpoints),
    )


def _endpoints(node: _Node) -> dict[str, str]:
    found: dict[str, str] = node.typed("endpoints", dict)
    for name, schemes in DATA_ENDPOINTS.items():
        parts = urlsplit(str(found.get(name, f"{schemes[0]}://host:1")))
        try:
            good = parts.scheme in schemes and parts.hostname and (parts.port or parts.scheme != "sftp")
        except ValueError:
            good = False
        if not good:
            raise node.refuse("endpoints", f"{name} is like {schemes[0]}://host:port, not {found[name]!r}.")
    return found


def _host_key(node: _Node, *, needed: bool) -> str:
    key = str(node.typed("sftp_host_key", str, ""))
    if needed and not _HOST_KEY.match(key):
        raise node.refuse("sftp_host_key", "must be the gateway's public key, like `ssh-ed25519 AAAA…`.")
    return key


def _domain(node: _Node, provider: str) -> str:
    name = str(node.typed("domain", str, ""))
    if provider == "openstack" and not name:
        raise node.refuse("domain", "must name the domain in which the portal makes projects and people.")
    return name


def _vmid_range(node: _Node) -> tuple[int, ...]:
    """Two numbers as Proxmox takes them, or none."""
    found = tuple(node.typed("vmid_range", list, None) or ())
    good = len(found) == 2 and all(isinstance(one, int) for one in found)
    if found and not (good and 100 <= found[0] <= found[1] <= 999_999_999):
        raise node.refuse(
            "vmid_range", "is the first and the last VMID that are this portal's, as in [5000, 99999]."
        )
    return found


def _totals(node: _Node, sites: tuple[str, ...]) -> Mapping[str, Mapping[str, int]]:
    totals = node.typed("totals_by_site", dict, {})
    for code, row in totals.items():
        if code not in sites:
            raise node.refuse("totals_by_site", f"names {code!r}, which is no site of this platform.")
        for resource, amount in row.items():
            if resource not in RESOURCES or not isinstance(amount, int) or amount < 0:
                raise node.refuse("totals_by_site", f"has {resource}: {amount!r}; whole numbers of {RESOURCES}.")
    return dict(totals)


def _target(node: _Node, sites: tuple[str, ...]) -> PlacementTarget:
    node.known(tuple(f.name for f in fields(PlacementTarget)))
    target = PlacementTarget(node.typed("id", str), tuple(node.typed("sites", list)), node.typed("copies", int))
    if not set(target.sites) <= set(sites):
        raise node.refuse("sites", "names a site that the platform does not span.")
    if target.copies != len(target.sites):
        raise node.refuse("copies", "must be one for each site: a copy on each is what is promised.")
    return target
