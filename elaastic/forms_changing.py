"""The terms of a subscription that stands, as a form: what was promised to an archive stays as it is."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.forms import COPIES_OF_ONE, HELD_FOR_ALL, AskForm
from elaastic.levels.archives import copies_of, lock_of

LOCKS: Final = (
    ("none", gettext_lazy("No lock")),
    ("governance", gettext_lazy("Locked: only the region can lift it")),
    ("compliance", gettext_lazy("Absolute: nobody can delete before its time")),
)
_STAY: Final = gettext_lazy("They are given when the archive is made, and stay: for other copies add an archive.")


class ChangeForm(AskForm):
    """`current` are the terms in force. Archives that exist show their lock and copies; new ones choose theirs."""

    def __init__(self, *args: Any, current: Mapping[str, Any], rows: int, **kwargs: Any) -> None:
        self.current = current
        self.known = {archive["name"]: archive for archive in current["archives"]}
        super().__init__(*args, authorities=(), rows=rows, **kwargs)
        for name in ("authority", "immutability", "copies", "uplink_mbit"):
            del self.fields[name]

    def offered(self) -> Collection[str]:
        """And those in force, which can be given up."""
        return {*super().offered(), *self.current.get("protocols", ())}

    def _add_archive(self, index: int) -> None:
        super()._add_archive(index)
        name = self._typed_name(index)
        exists = name in self.known
        self.fields[f"archive-{index}-immutability"] = forms.ChoiceField(
            label=_("Lock of archive %(number)s") % {"number": index + 1},
            help_text=_("It is given when the archive is made, and stays.") if exists else "",
            choices=LOCKS,
            disabled=exists,
            initial=lock_of(self.current, self.known[name]) if exists else "none",
        )
        if exists:  # a browser does not send what cannot be chosen
            self._stays(index, "immutability")

    def _add_copies(self, index: int) -> None:
        name = self._typed_name(index)
        exists = name in self.known
        self.fields[f"archive-{index}-copies"] = forms.TypedChoiceField(
            label=_("Copies of archive %(number)s") % {"number": index + 1},
            help_text=_STAY if exists else HELD_FOR_ALL,
            choices=COPIES_OF_ONE,
            coerce=int,
            disabled=exists,
            initial=copies_of(self.current, self.known.get(name, {})),
        )
        if exists or not self.initial.get(f"archive-{index}-copies"):
            self._stays(index, "copies")

    def _stays(self, index: int, part: str) -> None:
        """The field's own value, whatever was typed."""
        self.initial.pop(f"archive-{index}-{part}", None)

    def _typed_name(self, index: int) -> str:
        name = f"archive-{index}-name"
        return str((self.data if self.is_bound else self.initial).get(name, ""))

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
        known = self.known.get(typed["name"])
        if known is not None:
            return {**known, "expected_interval_hours": typed["expected_interval_hours"]}
        if typed.get("copies") == self.current["copies"]:
            del typed["copies"]
        return {**typed, "immutability": self.cleaned_data.get(f"archive-{index}-immutability") or "none"}


def initial_of(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms in force, in the form's fields."""
    found: dict[str, Any] = {name: terms[name] for name in ("quota_gib", "retention_days")}
    for index, archive in enumerate(terms["archives"]):
        found[f"archive-{index}-name"] = archive["name"]
        found[f"archive-{index}-interval"] = archive["expected_interval_hours"]
    found |= {f"way-{name}": True for name in terms.get("protocols", ())}
    return {**found, "rows": len(terms["archives"])}
