"""What people send, held against a JSON Schema: every field at fault, with a sentence about what to do."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from elaastic.levels.level2_terms import LAN
from elaastic.levels.recovery_schema import EMAIL, LINE, LINE_OR_NOTHING, PHONE
from provisioning.domain.asking import PATH


def schema_faults(schema: Mapping[str, Any], value: Any, root: str) -> dict[str, list[str]]:
    """Field (`terms.archives.0.name`, `root` first) → its sentences; {} when the value satisfies the schema."""
    faults: dict[str, list[str]] = {}
    for error in _Validator(schema).iter_errors(value):
        name = ".".join([root, *(str(part) for part in error.absolute_path)])
        faults.setdefault(name, []).append(_sentence(error))
    return faults


def whole_numbers(value: Any) -> Any:
    """500.0 is an integer to JSON Schema; what is stored, hashed and sent on is 500."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: whole_numbers(item) for name, item in value.items()}
    return [whole_numbers(item) for item in value] if isinstance(value, list) else value


def spelled_out(text: object) -> str:
    """Somebody else's text in our sentence: surrogates, right-to-left marks and their like are spelled out."""
    return repr(str(text))[1:-1][:60]


def _match_whole(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    """As ECMA 262 reads it, which JSON Schema goes by: there `$` is the very end, not before a last line break."""
    del validator, schema
    if isinstance(value, str) and not (re.search(pattern, value) and not value.endswith("\n")):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_Validator: Final[Any] = extend(Draft202012Validator, {"pattern": _match_whole})  # type: ignore[no-untyped-call]


def _sentence(error: ValidationError) -> str:
    """What a person can do about it; the schema's own words where we have none."""
    limit: Any = error.validator_value
    sentences = {
        "minimum": _("At least %(limit)s.") % {"limit": limit},
        "maximum": _("At most %(limit)s.") % {"limit": limit},
        "contains": _("S3 is always among them: the others are ways to what S3 keeps."),
        "minItems": _("At least %(limit)s is needed.") % {"limit": limit},
        "maxItems": _("At most %(limit)s are possible.") % {"limit": limit},
        "maxProperties": _("At most %(limit)s are possible.") % {"limit": limit},
        "maxLength": _("At most %(limit)s characters.") % {"limit": limit},
        "enum": _("One of these: %(limit)s.") % {"limit": _listed(limit)},
        "pattern": _pattern(str(limit)),
        "type": _("This has the wrong type; expected: %(limit)s.") % {"limit": limit},
        "uniqueItems": _("The same thing is named twice."),
        "required": _("A field is missing: %(limit)s.") % {"limit": _missing(error)},
        "not": _("A text, a port or a path does not go with this kind of check: leave it out."),
        "additionalProperties": _("This field is not known: %(limit)s.") % {"limit": _unknown(error)},
    }
    return sentences.get(str(error.validator), error.message)


def _pattern(pattern: str) -> str:
    sentences = {
        LAN: _("A private network of 254 addresses, such as 192.168.1.0/24."),
        LINE: _("Write one line; it cannot be empty."),
        LINE_OR_NOTHING: _("Write one line."),
        PHONE: _("Write a telephone number: digits, spaces, and a + in front if you like."),
        PATH: _("Write the path of a page, such as /login: letters, digits and . _ ~ / ? & = % + - after the /."),
        EMAIL: _("Write a mail address, or nothing."),
    }
    return sentences.get(pattern, _("3 to 30 small letters, digits and inner hyphens."))


def _missing(error: ValidationError) -> str:
    """jsonschema tells of one missing field at a time, and names it in its message only."""
    return error.message.split("'")[1] if error.validator == "required" else ""


def _unknown(error: ValidationError) -> str:
    if error.validator != "additionalProperties" or not isinstance(error.schema, dict):
        return ""
    known, given = error.schema.get("properties", {}), cast(dict[str, Any], error.instance)
    return ", ".join(sorted(spelled_out(name) for name in given if name not in known))


def _listed(values: Any) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list | tuple) else str(values)
