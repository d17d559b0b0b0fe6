"""Manifests: what a stack shall consist of, as data that is stored and survives the code that made it."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from provisioning.domain.region import PlacementTarget

REF: Final = "$ref"


@dataclass(frozen=True)
class Ref:
    """A typed pointer to another resource's output; it is also the dependency edge."""

    resource: str
    output: str

    def as_json(self) -> dict[str, Any]:
        """`{"$ref": "name.output"}`."""
        return {REF: f"{self.resource}.{self.output}"}


@dataclass(frozen=True)
class Need:
    """What a stack holds of a site. `storage_gib` in GiB (2^30), `ram_mib` in MiB (2^20), `vcpus` as a count."""

    platform: str
    site: str
    resource: str
    amount: int


@dataclass(frozen=True)
class Desired:
    """One resource as wanted. `spec` is JSON, with refs; `retain` keeps what bears data when it is unwanted."""

    name: str
    kind: str
    platform: str
    spec: Mapping[str, Any]
    retain: bool = False
    renamed_from: str = ""


@dataclass(frozen=True)
class Manifest:
    """Ordered desired resources and what they hold of each site."""

    blueprint: str
    resources: tuple[Desired, ...] = ()
    needs: tuple[Need, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The stored form; `parse` reads it back."""
        return {
            "blueprint": self.blueprint,
            "resources": [
                {
                    "name": r.name,
                    "kind": r.kind,
                    "platform": r.platform,
                    "spec": dict(r.spec),
                    "retain": r.retain,
                    **({"renamed_from": r.renamed_from} if r.renamed_from else {}),
                }
                for r in self.resources
            ],
            "needs": [vars(n) for n in self.needs],
        }

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Manifest":
        """The manifest that `as_json` wrote, by this release or an earlier one."""
        return cls(
            data.get("blueprint", ""),
            tuple(Desired(**r) for r in data.get("resources", ())),
            tuple(Need(**n) for n in data.get("needs", ())),
        )

    def get(self, name: str) -> Desired | None:
        """The resource of that name, or None."""
        return next((r for r in self.resources if r.name == name), None)


def refs(value: Any) -> Iterator[Ref]:
    """Every ref inside a spec, in order."""
    if isinstance(value, Mapping):
        if isinstance(text := value.get(REF), str):
            resource, _, output = text.partition(".")
            yield Ref(resource, output)
            return
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from refs(item)


def resolve(value: Any, outputs: Mapping[str, Mapping[str, Any]]) -> Any:
    """`value` with every ref replaced by the other resource's output; KeyError when it has none yet."""
    if isinstance(value, Mapping):
        if isinstance(text := value.get(REF), str):
            resource, _, output = text.partition(".")
            return outputs[resource][output]
        return {k: resolve(v, outputs) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(v, outputs) for v in value]
    return value


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Placement:
    """Where a subscription lives, chosen once and approved: provider -> platform, and its placement target.

    `sites` hold copies; `reserve` is the site on which machines start, "" where there are none. `targets`: where
    archives have different numbers of copies, the target of each number; what stands there never leaves it.
    """

    platforms: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    sites: tuple[str, ...] = ()
    reserve: str = ""
    targets: tuple[PlacementTarget, ...] = ()

    @property
    def every_target(self) -> tuple[PlacementTarget, ...]:
        """One for each number of copies. Where there is but one, it has a copy on each of the sites."""
        alone = PlacementTarget(self.target, self.sites, len(self.sites))
        return self.targets or ((alone,) if self.target else ())

    def target_for(self, copies: int) -> PlacementTarget | None:
        """Where archives with so many copies are, or None when no place was chosen for such."""
        return next((one for one in self.every_target if one.copies == copies), None)

    def with_targets(self, more: Iterable[PlacementTarget]) -> "Placement":
        """These too; the first of all stays the one by which the placement is called."""
        found = (*self.every_target, *more)
        sites = tuple(dict.fromkeys(site for one in found for site in one.sites))
        return replace(self, target=found[0].id, sites=sites, targets=found if len(found) > 1 else ())

    def as_json(self) -> dict[str, Any]:
        """The stored form."""
        found: dict[str, Any] = {
            "platforms": dict(self.platforms), "target": self.target, "sites": list(self.sites),
        }  # fmt: skip
        if self.reserve:
            found["reserve"] = self.reserve
        if self.targets:
            found["targets"] = [{"id": t.id, "sites": list(t.sites), "copies": t.copies} for t in self.targets]
        return found

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Placement":
        """The placement that `as_json` wrote, in this release or an earlier one: those knew one target."""
        return cls(
            dict(data.get("platforms", {})),
            data.get("target", ""),
            tuple(data.get("sites", ())),
            data.get("reserve", ""),
            tuple(PlacementTarget(t["id"], tuple(t["sites"]), t["copies"]) for t in data.get("targets", ())),
        )
