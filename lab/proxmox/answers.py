"""Answers against the schema: an emulator that answers what the real API cannot is worse than none.

Numbers and booleans may come as text, as the real API's do.
"""

from typing import Any

from lab.proxmox.schema import Data


def faults(wanted: Data, value: Any, path: str = "data") -> list[str]:
    """What in `value` the description does not allow, a sentence each."""
    kind = wanted.get("type")
    if value is None:
        return [] if kind in (None, "null", "any") or wanted.get("optional") else [f"{path} is null, not {kind}"]
    if kind == "object" or (kind is None and "properties" in wanted):
        return _object(wanted, value, path)
    if kind == "array":
        if not isinstance(value, list):
            return [f"{path} is no array"]
        items = wanted.get("items") or {}
        return [fault for place, one in enumerate(value) for fault in faults(items, one, f"{path}[{place}]")]
    return _scalar(wanted, value, path)


def _object(wanted: Data, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} is no object"]
    properties = wanted.get("properties") or {}
    found = []
    for name, about in properties.items():
        if name in value:
            found += faults(about, value[name], f"{path}.{name}")
        elif not about.get("optional") and "[n]" not in name:
            found.append(f"{path}.{name} is missing")
    if wanted.get("additionalProperties") is False:
        found += [f"{path}.{name} is not described" for name in value.keys() - properties.keys()]
    return found


def _scalar(wanted: Data, value: Any, path: str) -> list[str]:
    kind = wanted.get("type")
    if isinstance(value, dict | list):
        return [] if kind in (None, "any") else [f"{path} is no {kind}"]
    text = str(value)
    if kind in ("integer", "number"):
        try:
            float(text)
        except ValueError:
            return [f"{path} is no {kind}: {text}"]
    if kind == "boolean" and text.lower() not in ("0", "1", "true", "false"):
        return [f"{path} is no boolean: {text}"]
    if kind == "string" and "enum" in wanted and text not in [str(one) for one in wanted["enum"]]:
        return [f"{path} is not one of {wanted['enum']}: {text}"]
    return []
