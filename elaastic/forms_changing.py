"""The terms of a subscription that stands, as a form: what was promised to an archive stays as it is."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.forms import AskForm

LOCKS: Final = (
    ("none", gettext_lazy("No lock")),
    ("governance", gettext_lazy("Locked: only the region can lift it")),
    ("compliance", gettext_lazy("Absolute: nobody can delete before its time")),
)


class ChangeForm(AskForm):
    """`current` are the terms in force. Archives that exist show their lock; new ones choose theirs."""

    def __init__(self, *args: Any, current: Mapping[str, Any], rows: int, **kwargs: Any) -> None:
        self.current = current
        self.known = {archive["name"]: archive for archive in current["archives"]}
        super().__init__(*args, authorities=(), rows=rows, **kwargs)
        for name in ("authority", "immutability", "copies"):
            del self.fields[name]

    def _add_archive(self, index: int) -> None:
        super()._add_archive(index)
        exists = self._typed_name(index) in self.known
        self.fields[f"archive-{index}-immutability"] = forms.ChoiceField(
            label=_("Lock of archive %(number)s") % {"number": index + 1},
            help_text=_("It is given when the archive is made, and stays.") if exists else "",
            choices=LOCKS,
            disabled=exists,
            initial=self.lock_of(self._typed_name(index)),
        )

    def _typed_name(self, index: int) -> str:
        name = f"archive-{index}-name"
        return str((self.data if self.is_bound else self.initial).get(name, ""))

    def lock_of(self, name: str) -> str:
        """Of an archive that exists; none for a new one."""
        own = self.known.get(name, {}).get("immutability")
        return str(own or (self.current.get("immutability", "none") if name in self.known else "none"))

    @property
    def rows_with_locks(self) -> Iterator[tuple[int, BoundField, BoundField, BoundField]]:
        """(index, name, interval, lock) of each archive on the page."""
        for index, name, interval in self.archive_rows:
            yield index, name, interval, self[f"archive-{index}-immutability"]

    @property
    def newly_absolute(self) -> bool:
        """A new archive gets the lock that nobody can lift."""
        archives = self.terms()["archives"]
        return any(a["name"] not in self.known and a.get("immutability") == "compliance" for a in archives)

    def terms(self) -> dict[str, Any]:
        """What was typed, over the terms in force."""
        asked = super().terms()
        archives = [self._archive(index, archive) for index, archive in enumerate(asked["archives"])]
        return {**self.current, **asked, "archives": archives}

    def _archive(self, index: int, typed: dict[str, Any]) -> dict[str, Any]:
        if typed["name"] in self.known:
            return {**self.known[typed["name"]], **typed}
        return {**typed, "immutability": self.cleaned_data.get(f"archive-{index}-immutability") or "none"}


def initial_of(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms in force, in the form's fields."""
    found: dict[str, Any] = {name: terms[name] for name in ("quota_gib", "retention_days")}
    for index, archive in enumerate(terms["archives"]):
        found[f"archive-{index}-name"] = archive["name"]
        found[f"archive-{index}-interval"] = archive["expected_interval_hours"]
    return {**found, "rows": len(terms["archives"])}
