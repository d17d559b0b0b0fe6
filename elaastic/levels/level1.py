"""Level 1, Base: storage for periodic copies, reached with the tools that one already has.

The slides: "spazio storage cloud raggiungibile tramite vari protocolli di rete sul quale porre periodicamente
le copie di sicurezza dei dati". On Ceph it is an RGW tenant of the authority's own with four identities: the
*owner*, whose key never leaves the vault; the *writer*, who can destroy nothing; *restore*, who reads every
version; and the *probe*, the portal's read-only eye. SFTP and WebDAV lead to the same archives with the same keys,
through a gateway that finds them by the *door*; Swift with the same secret under another name (see ADR 15).
"""

from typing import Any, Final

from elaastic.levels.archives import copies_of, lock_of
from elaastic.levels.base import AS_USUAL, Level, Mode, Storage, Terms, key_name
from provisioning.domain.manifest import Desired, Manifest, Need, Placement, Ref
from provisioning.kinds.ceph import GATEWAYS

GIB: Final = 2**30
BLUEPRINT: Final = "level1/1"
_ROLES: Final = ("owner", "writer", "restore", "probe")

SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Terms of level 1",
    "type": "object",
    "additionalProperties": False,
    "required": ["quota_gib", "archives", "retention_days", "copies"],
    "properties": {
        "quota_gib": {
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 8192,
            "description": "Space for current and earlier versions together, in GiB (2^30 bytes).",
        },
        "protocols": {
            "type": "array",
            "items": {"type": "string", "enum": ["s3", "swift", "sftp", "webdav"]},
            "contains": {"const": "s3"},
            "uniqueItems": True,
            "default": ["s3"],
            "description": (
                "How the archives are reached, always with the same keys. S3 is always among them: the others are "
                "ways to what S3 keeps. Swift lists no archives, makes none, and sees no earlier versions: those "
                "are restored over S3, SFTP or WebDAV. NFS does not work yet."
            ),
        },
        "archives": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "description": "One bucket each; prefixes inside are the client's business.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "expected_interval_hours"],
                "properties": {
                    "name": {
                        "type": "string",
                        "pattern": "^[a-z0-9]([a-z0-9-]{1,28}[a-z0-9])$",
                        "description": "3 to 30 small letters, digits and inner hyphens.",
                    },
                    "expected_interval_hours": {
                        "type": "integer",
                        "format": "int32",
                        "minimum": 1,
                        "maximum": 8784,
                        "description": "A copy is late when none came for longer than this.",
                    },
                    "immutability": {
                        "type": "string",
                        "enum": ["none", "governance", "compliance"],
                        "description": "Of this archive; without it, that of the whole.",
                    },
                    "copies": {
                        "type": "integer",
                        "format": "int32",
                        "enum": [2, 3],
                        "description": (
                            "Of this archive; without it, that of the whole. It is given when the archive is made, "
                            "and stays. The space is held, and paid for, on as many sites as the most that any has."
                        ),
                    },
                },
            },
        },
        "retention_days": {
            "type": "integer",
            "format": "int32",
            "minimum": 1,
            "maximum": 3650,
            "description": "How long an earlier or deleted version can still be restored.",
        },
        "immutability": {
            "type": "string",
            "enum": ["none", "governance", "compliance"],
            "default": "none",
            "description": "compliance: nobody, the region included, can delete a copy before its time.",
        },
        "copies": {
            "type": "integer",
            "format": "int32",
            "enum": [2, 3],
            "description": "Sites that each hold a whole copy.",
        },
    },
}

DEFAULTS: Final[dict[str, Any]] = {
    "quota_gib": 500,
    "protocols": ["s3"],
    "archives": [{"name": "backup", "expected_interval_hours": 24}],
    "retention_days": 30,
    "immutability": "none",
    "copies": 3,
}


def storage(terms: Terms) -> Storage:
    """The quota, whole, on each site: any of the archives may fill it alone."""
    numbers = {copies_of(terms, archive) for archive in terms["archives"]}
    return Storage(terms["quota_gib"], tuple(sorted(numbers, reverse=True)))


def quantities(terms: Terms) -> tuple[tuple[str, int], ...]:
    """What is paid for: the subscription, and the quota on each site."""
    asked = storage(terms)
    return ("subscription", 1), ("storage_gib", asked.gib * asked.sites)


def blueprint(terms: Terms, placement: Placement, mode: Mode = AS_USUAL) -> Manifest:
    """The manifest of these terms at this placement. Who leaves keeps the room of what is kept."""
    platform = placement.platforms["ceph"]
    archives = terms["archives"]
    quota = terms["quota_gib"] * GIB
    needs = tuple(Need(platform, site, "storage_gib", terms["quota_gib"]) for site in placement.sites)
    if mode.leaving:
        return Manifest(BLUEPRINT, (), needs)
    protocols = tuple(terms.get("protocols", ("s3",)))
    through = [name for name in GATEWAYS if name in protocols]
    resources = [
        _user(platform, "owner", max_buckets=len(archives) + bool(through), quota_bytes=quota),
        _user(platform, "writer", **({} if mode.writes else {"suspended": True})),
        *(_user(platform, role) for role in ("restore", "probe")),
        *(_key(platform, role, serial, protocols) for role in _ROLES for serial in sorted(mode.serials(role))),
        *(_archive(platform, terms, a, placement, through) for a in archives),
        *([_door(platform, archives, placement.target, through)] if through else []),
    ]
    return Manifest(BLUEPRINT, tuple(resources), needs)


def fixed(before: Terms, after: Terms) -> dict[str, str]:
    """A lock and the copies are given to an archive when it is made; time that was promised is not taken back."""
    faults = {}
    known = {archive["name"]: archive for archive in before["archives"]}
    for index, archive in enumerate(after["archives"]):
        was = known.get(archive["name"])
        if was is None:
            continue
        if lock_of(after, archive) != lock_of(before, was):
            faults[f"terms.archives.{index}.immutability"] = "lock"
        if copies_of(before, archive) != copies_of(before, was):
            faults[f"terms.archives.{index}.copies"] = "copies"
    locked = any(lock_of(before, archive) != "none" for archive in known.values())
    if locked and after["retention_days"] < before["retention_days"]:
        faults["terms.retention_days"] = "retention"
    if after["copies"] != before["copies"]:
        faults["terms.copies"] = "copies_of_all"
    return faults


def _user(platform: str, role: str, **spec: Any) -> Desired:
    return Desired(role, "ceph.user", platform, {"role": role, **spec})


def _key(platform: str, role: str, serial: int, protocols: tuple[str, ...]) -> Desired:
    # What has been backed up can be restored until the end, whatever else is taken away.
    swift = {"swift": True} if "swift" in protocols and role in ("writer", "restore") else {}
    spec = {"user": Ref(role, "uid").as_json(), **swift}
    name = key_name(f"{role}-key", serial)
    return Desired(name, "ceph.key", platform, spec, retain=role in ("owner", "restore"))


def _archive(platform: str, terms: Terms, archive: Terms, placement: Placement, through: list[str]) -> Desired:
    target = placement.target_for(copies_of(terms, archive))
    if target is None:
        raise ValueError(f"No placement target was chosen for archive {archive['name']}.")
    spec = {
        "bucket": archive["name"],
        "owner": Ref("owner", "uid").as_json(),
        "owner_key": Ref("owner-key", "access_key").as_json(),
        "writer": Ref("writer", "uid").as_json(),
        "restore": Ref("restore", "uid").as_json(),
        "probe": Ref("probe", "uid").as_json(),
        "placement_target": target.id,
        "retention_days": terms["retention_days"],
        "immutability": lock_of(terms, archive),
        **({"gateways": through} if through else {}),
    }
    return Desired(f"archive-{archive['name']}", "ceph.bucket", platform, spec, retain=True)


def _door(platform: str, archives: list[Terms], target: str, through: list[str]) -> Desired:
    # Kept like the restore key: who restores over SFTP does so until the end.
    spec = {
        "owner": Ref("owner", "uid").as_json(),
        "owner_key": Ref("owner-key", "access_key").as_json(),
        "writer": Ref("writer", "uid").as_json(),
        "restore": Ref("restore", "uid").as_json(),
        "placement_target": target,
        "gateways": through,
        "archives": [Ref(f"archive-{archive['name']}", "bucket").as_json() for archive in archives],
    }
    return Desired("door", "ceph.door", platform, spec, retain=True)


LEVEL1: Final = Level(
    number=1,
    name="Base",
    summary="Space in the region's cloud for the copies you make with your own tools.",
    promises=(
        "Copies on two or three sites, chosen by you and shown to you.",
        "A key that can add copies and destroy none.",
        "A second key that only restores, every version, for as long as you asked.",
    ),
    schema=SCHEMA,
    defaults=DEFAULTS,
    blueprint=blueprint,
    storage=storage,
    credentials={"writer": "writer-key", "restore": "restore-key"},
    fixed=fixed,
    quantities=quantities,
)
