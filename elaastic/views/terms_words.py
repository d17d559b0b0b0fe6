"""The terms of a level in words, as the summary, the request and the subscription show them."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from elaastic.levels.archives import copies_of, lock_of
from elaastic.views import words
from elaastic.views.machines import machine_facts


def terms_facts(terms: dict[str, Any]) -> list[tuple[str, str]]:
    """The terms in words, for the summary, the request and the subscription."""
    archives = ", ".join(str(a["name"]) for a in terms.get("archives", ()))
    protocols = terms.get("protocols", ("s3",))
    return [
        (_("Space"), words.gib(terms.get("quota_gib", 0))),
        (_("Archives"), archives),
        (_("Reached over"), ", ".join(name for key, name in words.PROTOCOLS.items() if key in protocols)),
        (_("Earlier versions are kept for"), words.days(terms.get("retention_days", 0))),
        (_("Lock against deletion"), _by_archive(terms, lock_of, _lock_said, _lock_said)),
        (_("Copies"), _by_archive(terms, copies_of, _copies_of_all, _copies_of_some)),
        *(machine_facts(terms) if terms.get("machines") else ()),
    ]


def _by_archive(
    terms: dict[str, Any],
    given: Callable[[Any, Any], Any],
    of_all: Callable[[Any], str],
    of_some: Callable[[Any], str],
) -> str:
    """What all archives were given, said once; or which was given what."""
    groups: dict[Any, list[str]] = {}
    for archive in terms.get("archives", ()):
        groups.setdefault(given(terms, archive), []).append(str(archive["name"]))
    if len(groups) == 1:
        return of_all(next(iter(groups)))
    return "; ".join(f"{', '.join(names)}: {of_some(value)}" for value, names in groups.items())


def _lock_said(lock: str) -> str:
    return str(words.IMMUTABILITY.get(lock, lock))


def _copies_of_all(number: int) -> str:
    return _("One on each of %(count)s sites") % {"count": number}


def _copies_of_some(number: int) -> str:
    return _("on %(count)s sites") % {"count": number}
