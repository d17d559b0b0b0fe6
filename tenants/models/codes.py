"""The codes and texts that name a body, and why one is refused.

Sources: the 11-digit *codice fiscale* of a body has the check digit of the *partita IVA* (d.m. 23/12/1976);
Indice PA codes are letters, digits and underscores; ISTAT codes have 3 digits for a province, 6 for a Comune.
"""

import re
import unicodedata
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FISCAL: Final = re.compile(r"[0-9]{11}")
IPA: Final = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
ISTAT: Final = re.compile(r"[0-9]{3}(?:[0-9]{3})?")
PROVINCE: Final = re.compile(r"[A-Z]{2}")
PHONE: Final = re.compile(r"\+?[0-9][0-9 ./()-]{4,28}[0-9]")
# A name reaches marker texts, file names of downloads and mails: what has a meaning there stays out.
_NAME_PUNCTUATION: Final = frozenset(" '’.,()&/-–")


def check_digit(first_ten: str) -> str:
    """The eleventh digit of a body's fiscal code: Luhn's sum over the first ten, from the left."""
    total = 0
    for position, digit in enumerate(map(int, first_ten)):
        doubled = digit * 2 if position % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def validate_fiscal_code(value: str) -> None:
    """Eleven digits, not all zero, whose last one checks the others."""
    if not FISCAL.fullmatch(value):
        raise ValidationError(_("The fiscal code of a body has exactly 11 digits."), code="format")
    if not value.strip("0") or check_digit(value[:10]) != value[10]:
        raise ValidationError(
            _("The check digit of the fiscal code is wrong: look for a mistyped digit."), code="check_digit"
        )


def validate_ipa_code(value: str) -> None:
    """As Indice PA writes them, in lower case: `c_a271`, `p_an`."""
    if not IPA.fullmatch(value):
        raise ValidationError(
            _("An Indice PA code has only letters, digits and underscores, for example c_a271."),
            code="format",
        )


def validate_istat_code(value: str) -> None:
    """Three digits for a province, six for a Comune."""
    if not ISTAT.fullmatch(value):
        raise ValidationError(_("An ISTAT code has 6 digits for a Comune and 3 for a province."), code="format")


def validate_province(value: str) -> None:
    """The two letters of the number plate."""
    if not PROVINCE.fullmatch(value):
        raise ValidationError(_("Write the province as two capital letters, for example AN."), code="format")


def validate_phone(value: str) -> None:
    """Something that a person can dial in the night of a disaster."""
    if not PHONE.fullmatch(value):
        raise ValidationError(_("Write the telephone number with digits only, for example +39 071 123456."))


def validate_text(value: str) -> None:
    """No control character and no direction override: both make a page show what is not there."""
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            raise ValidationError(
                _("The character U+%(code)s cannot be used here."),
                code="character",
                params={"code": f"{ord(character):04X}"},
            )


def validate_name(value: str) -> None:
    """A name has letters, digits, spaces and the punctuation of names; a slash only between letters."""
    validate_text(value)
    for place, character in enumerate(value):
        if not (unicodedata.category(character)[0] in "LNM" or character in _NAME_PUNCTUATION):
            raise ValidationError(
                _("A name cannot contain the character %(character)s."),
                code="character",
                params={"character": character},
            )
        if character == "/" and not (value[place - 1 : place].isalpha() and value[place + 1 : place + 2].isalpha()):
            raise ValidationError(_("In a name a slash stands only between two letters."), code="character")
    if not any(c.isalpha() for c in value):
        raise ValidationError(_("A name has at least one letter."), code="format")
