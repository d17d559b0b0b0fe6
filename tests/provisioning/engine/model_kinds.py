"""Seven kinds of the model cloud: one for each promise that a far side may or may not keep.

project: unique name. net: any number of one name, empty and cheap. server: any number, and a double costs.
vm: unique, made by a task. bucket: unique, bears data. key: unique, carries no marker, our secret is the proof.
token: unique, its secret is made there and shown once.
"""

from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.manifest import REF, Desired
from provisioning.kinds.base import Kind, Repeat, Spec

PLATFORM: Final = "cloud"
# A call is given up after 5 s, may still take effect 20 s later, and lists lag by 8 s: a grace covers all three,
# and the half lease that may pass between an intent and its sending.
CALL_S, LATE_S, LAG_S = 5.0, 20.0, 8.0
GRACE_S: Final = 30.0 + CALL_S + LATE_S + LAG_S + 2.0


@dataclass(frozen=True)
class SizedSpec(Spec):
    """`size` is compared and may be changed in place; `quota` protects; `needs` is what it stands on."""

    size: int
    quota: int = 1
    needs: Any = None


def _kind(name: str, repeat: Repeat, **more: Any) -> Kind:
    more = {"marker": "tag", **more}
    return Kind(
        name=name,
        provider="model",
        spec=SizedSpec,
        repeat=repeat,
        protects=frozenset({"quota"}),
        settle_s=10.0,
        grace_s=GRACE_S,
        look_s=60.0,
        **more,
    )


MODEL: Final[dict[str, Kind]] = {
    "project": _kind("project", Repeat.UNIQUE),
    "net": _kind("net", Repeat.HARMLESS),
    "server": _kind("server", Repeat.ASK),
    "vm": _kind("vm", Repeat.UNIQUE),
    "bucket": _kind("bucket", Repeat.UNIQUE, bears_data=True),
    "key": _kind("key", Repeat.UNIQUE, marker="", secrets=("secret_key",)),
    "token": _kind("token", Repeat.UNIQUE, secrets=("token_secret",), secret_recoverable=False),
}
NEEDS: Final = {"net": "project", "server": "net", "bucket": "project", "token": "project"}
UNIQUE: Final = frozenset(MODEL) - {"net", "server"}
NAMED_ID: Final = frozenset({"bucket", "key", "token"})  # the far side's id is the name itself


def desired(name: str, size: int) -> Desired:
    """One resource of a model manifest; its name is its kind's."""
    needs = {"needs": {REF: f"{NEEDS[name]}.id"}} if name in NEEDS else {}
    return Desired(name, name, PLATFORM, {"size": size, "quota": 1, **needs}, retain=MODEL[name].bears_data)
