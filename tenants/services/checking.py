"""From Django's validation to our refusal: every field at fault, named as clients name it."""

from collections.abc import Iterable
from typing import Final

from django.core.exceptions import ValidationError
from django.db import models

from tenants.models.codes import validate_text
from tenants.models.errors import Invalid

# Columns that the API and the forms show as a group: `seat_lat` is `seat.lat` to a client.
_GROUPS: Final = ("seat", "security_contact")
_LAYOUT: Final = dict.fromkeys(map(ord, "\n\r\t"), " ")


def check_fields(row: models.Model, exclude: Iterable[str] = ()) -> None:
    """Validate every column of the row except the excluded ones; uniqueness is left to the database.

    Raises `Invalid` with all the faults at once.
    """
    try:
        row.clean_fields(exclude=set(exclude))
    except ValidationError as error:
        faults = {_public_name(name): [str(m) for m in e] for name, e in error.message_dict.items()}
        raise Invalid(errors=faults) from error


def check_text(name: str, value: str, *, lines: bool = False) -> None:
    """Invalid when a text that is shown to others holds control characters or direction overrides.

    `lines`: line breaks and tabs are meant, as in a note.
    """
    try:
        validate_text(value.translate(_LAYOUT) if lines else value)
    except ValidationError as error:
        raise Invalid(errors={name: error.messages}) from error


def _public_name(column: str) -> str:
    for group in _GROUPS:
        if column.startswith(f"{group}_"):
            return f"{group}.{column.removeprefix(f'{group}_')}"
    return column
