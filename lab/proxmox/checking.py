"""Values against the schema: types, required, patterns, enums, formats, unknown names.

The words of each refusal are the real API's (recorded), as clients match on them.
"""

import re
from functools import cache
from typing import Any

from lab.proxmox import formats
from lab.proxmox.errors import INVALID, Refused
from lab.proxmox.schema import Data, Method

MISSING = "property is missing and it is not optional"
UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"
TRUE, FALSE = ("1", "on", "yes", "true"), ("0", "off", "no", "false")


def checked(method: Method, given: Data) -> Data:
    """The parameters with their types, those of the address included; Refused 400 naming each that is wrong."""
    properties = method.parameters
    wrong: dict[str, str] = {}
    found: Data = {}
    for name, value in {**given, **method.in_path}.items():
        wanted = properties.get(name) or _numbered(properties, name)
        if wanted is None:
            if not method.more_allowed:
                wrong[name] = UNKNOWN
            found[name] = value
            continue
        try:
            found[name] = _value(wanted, value, name)
        except ValueError as error:
            wrong[name] = str(error)
    for name, wanted in properties.items():
        if name not in found and name not in wrong and not wanted.get("optional") and "[n]" not in name:
            wrong[name] = MISSING
        needs = wanted.get("requires")
        if name in found and needs and needs not in found:
            wrong[needs] = f"missing property - '{name}' requires this property"
    if wrong:
        raise Refused(400, INVALID, errors=wrong)
    return found


def _numbered(properties: Data, name: str) -> Data | None:
    """`scsi3` is described as `scsi[n]`."""
    stem = re.fullmatch(r"(.*?)(\d+)", name)
    return properties.get(f"{stem.group(1)}[n]") if stem else None


def _value(wanted: Data, value: Any, path: str) -> Any:
    variants = wanted.get("oneOf")
    if variants:
        return _value(variants[0], value, path)
    kind = wanted.get("type", "string")
    if kind == "array":
        many = value if isinstance(value, list) else [value]
        return [_value(wanted.get("items") or {}, one, path) for one in many]
    if kind == "object":
        return value
    if isinstance(value, list):
        raise ValueError(f"type check ('{kind}') failed - got ARRAY")  # noqa: TRY004  # one family for all refusals
    typed = _typed(str(kind), value)
    if isinstance(wanted.get("format"), str | dict) and value != "":
        try:
            _formatted(wanted["format"], str(value), path)
        except ValueError as error:
            raise ValueError(f"invalid format - {error}") from None
    _limits(wanted, typed)
    return typed


def _typed(kind: str, value: Any) -> Any:
    text = str(value)
    if kind == "integer" and not re.fullmatch(r"[+-]?\d+", text):
        raise ValueError(f"type check ('integer') failed - got '{text}'")
    if kind == "boolean":
        word = "1" if value is True else "0" if value is False else text.lower()
        if word not in TRUE + FALSE:
            raise ValueError(f"type check ('boolean') failed - got '{text}'")
        return int(word in TRUE)
    if kind == "number":
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"type check ('number') failed - got '{text}'") from None
    return int(text) if kind == "integer" else text


def _limits(wanted: Data, value: Any) -> None:
    if isinstance(value, int | float):
        if "minimum" in wanted and value < float(wanted["minimum"]):
            raise ValueError(f"value must have a minimum value of {wanted['minimum']}")
        if "maximum" in wanted and value > float(wanted["maximum"]):
            raise ValueError(f"value must have a maximum value of {wanted['maximum']}")
        return
    if len(value) < int(wanted.get("minLength", 0)):
        raise ValueError(f"value must be at least {wanted['minLength']} characters long")
    if "maxLength" in wanted and len(value) > int(wanted["maxLength"]):
        raise ValueError(f"value may only be {wanted['maxLength']} characters long")
    pattern = wanted.get("pattern")
    if pattern and (compiled := _pattern(pattern)) and not compiled.search(value):
        raise ValueError("value does not match the regex pattern")
    if "enum" in wanted and value not in [str(one) for one in wanted["enum"]]:
        raise ValueError(f"value '{value}' does not have a value in the enumeration '{', '.join(wanted['enum'])}'")


@cache
def _pattern(given: str) -> "re.Pattern[str] | None":
    """Perl's (whole value) and Rust's (`/^…$/`) patterns in Python's words; None for one that has none."""
    words = given[1:-1] if given.startswith("/") and given.endswith("/") else f"^(?:{given})$"
    words = words.replace("[:^cntrl:]", r"\x20-\x7e\x80-\U0010ffff").replace("[:cntrl:]", r"\x00-\x1f\x7f")
    words = re.sub(r"\(\?\^(\w*):", lambda found: f"(?{found[1]}:" if found[1] else "(?:", words)
    try:
        return re.compile(words[:-1] + r"\Z" if words.endswith("$") else words)
    except re.error:
        return None


def _formatted(wanted: str | Data, value: str, path: str) -> None:
    if isinstance(wanted, str):
        formats.check(wanted, value)
        return
    if "type" in wanted and not isinstance(wanted["type"], dict):
        _structure(wanted, value, path)
        return
    _properties(wanted, value, path)


def _structure(wanted: Data, value: str, path: str) -> None:
    """Backup Server describes a property string as an object or an array of its own."""
    if wanted["type"] == "array":
        for one in value.split(","):
            _value(wanted.get("items") or {}, one, path)
        return
    properties = dict(wanted.get("properties") or {})
    if wanted.get("default_key") in properties:
        properties[wanted["default_key"]] = {**properties[wanted["default_key"]], "default_key": 1}
    _properties(properties, value, path)


def _properties(wanted: Data, value: str, path: str) -> None:
    """`current=256`, or the value alone for the default key; ValueError listing every fault, a line each."""
    wrong = []
    seen = set()
    for part in filter(None, value.split(",")):
        name, equals, text = part.partition("=")
        if not equals:
            name = next((key for key, one in wanted.items() if one.get("default_key")), "")
            text = part
        about = wanted.get(name)
        while about and "alias" in about:
            seen.add(about.get("keyAlias", ""))
            name = about["alias"]
            about = wanted.get(name)
        if about is None:
            wrong.append(f"{path}.{name or part}: {UNKNOWN}\n")
            continue
        seen.add(name)
        try:
            _value(about, text, f"{path}.{name}")
        except ValueError as error:
            wrong.append(f"{path}.{name}: {error}\n")
    wrong += [
        f"{path}.{name}: {MISSING}\n"
        for name, about in wanted.items()
        if name not in seen and "alias" not in about and not about.get("optional") and "type" in about
    ]
    if wrong:
        raise ValueError("format error\n" + "".join(wrong))
