"""A recovery plan as a form: fields are named by their place in the document (`groups-0-before-1-text`).

What is typed becomes a document again, judged or not (`recovery_typed`): buttons add and remove parts of it, and no
script is needed.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.levels.recovery_schema import (
    CHECKS_OF,
    LONGEST_SECONDS,
    MOST_ACTIONS,
    MOST_CHECKS,
    MOST_CONTACTS,
    MOST_GROUPS,
    PARTS_OF,
)
from elaastic.recovery_typed import ACTION, CONTACT, Document
from provisioning.domain.asking import LONGEST_PATH
from tenants.models.errors import Invalid

WHO: Final = (("authority", gettext_lazy("The authority")), ("region", gettext_lazy("The region")))


class RecoveryPlanForm(forms.Form):
    """`shape` is the document whose parts are on the page: how many groups, actions, checks and contacts."""

    use_required_attribute = False
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    notes = forms.CharField(
        label=gettext_lazy("Whatever else one must know that night"),
        help_text=gettext_lazy("Where the keys are, which password is in the safe, who opens the door."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, shape: Document, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shape = shape
        for index, group in enumerate(shape["groups"]):
            self._add_group(index, len(group["before"]))
        for name, checks in shape["checks"].items():
            self._add_machine(name, checks)
        for index in range(len(shape["contacts"])):
            self._add_contact(index)

    def _add_group(self, index: int, actions: int) -> None:
        self.fields[f"groups-{index}-pause_seconds"] = forms.IntegerField(
            label=_("Pause before group %(number)s, in seconds") % {"number": index + 1},
            help_text=_("After the group before has answered.") if index else _("Before anything starts."),
            min_value=0,
            max_value=LONGEST_SECONDS,
        )
        for place in range(actions):
            number = {"number": place + 1, "group": index + 1}
            self.fields[f"groups-{index}-before-{place}-text"] = forms.CharField(
                label=_("Action %(number)s before group %(group)s") % number, max_length=300
            )
            self.fields[f"groups-{index}-before-{place}-who"] = forms.ChoiceField(
                label=_("Who does action %(number)s before group %(group)s") % number, choices=WHO
            )

    def _add_machine(self, name: str, checks: list[dict[str, Any]]) -> None:
        self.fields[f"machines-{name}"] = forms.TypedChoiceField(
            label=_("“%(name)s” starts in group") % {"name": name},
            choices=[(index + 1, str(index + 1)) for index in range(len(self.shape["groups"]))],
            coerce=int,
        )
        for index, check in enumerate(checks):
            told = {"number": index + 1, "name": name}
            for part in PARTS_OF[check["kind"]]:
                self.fields[f"checks-{name}-{index}-{part}"] = _part_field(part, told)
            self.fields[f"checks-{name}-{index}-within_seconds"] = forms.IntegerField(
                label=_within(check["kind"]) % told, min_value=10, max_value=LONGEST_SECONDS
            )

    def _add_contact(self, index: int) -> None:
        number = {"number": index + 1}
        texts = {
            "name": (_("Name of contact %(number)s"), 100, True),
            "role": (_("What contact %(number)s is needed for"), 100, False),
            "phone": (_("Telephone of contact %(number)s"), 40, True),
            "email": (_("Mail of contact %(number)s"), 254, False),
        }
        for part, (label, longest, needed) in texts.items():
            self.fields[f"contacts-{index}-{part}"] = forms.CharField(
                label=label % number, max_length=longest, required=needed
            )

    @property
    def groups(self) -> Iterator[dict[str, Any]]:
        """Each group's fields: its number, the pause, and (place, text, who) of each action."""
        for index, group in enumerate(self.shape["groups"]):
            stem = f"groups-{index}-before"
            actions = [(n, self[f"{stem}-{n}-text"], self[f"{stem}-{n}-who"]) for n in range(len(group["before"]))]
            yield {
                "index": index,
                "number": index + 1,
                "pause": self[f"groups-{index}-pause_seconds"],
                "actions": actions,
                "may_grow": len(actions) < MOST_ACTIONS,
                "machines": group["machines"],
            }

    @property
    def machines(self) -> Iterator[dict[str, Any]]:
        """Each machine's fields: its group; (index, kind, what it is about, seconds) of each check; and the kinds
        that may be added.
        """
        for name, checks in self.shape["checks"].items():
            fields: list[tuple[int, str, list[BoundField], BoundField]] = [
                (
                    n,
                    check["kind"],
                    [self[f"checks-{name}-{n}-{part}"] for part in PARTS_OF[check["kind"]]],
                    self[f"checks-{name}-{n}-within_seconds"],
                )
                for n, check in enumerate(checks)
            ]
            more = _more_kinds([check["kind"] for check in checks])
            yield {"name": name, "group": self[f"machines-{name}"], "checks": fields, "more": more}

    @property
    def contacts(self) -> Iterator[tuple[int, list[BoundField]]]:
        """(index, fields) of each contact."""
        for index in range(len(self.shape["contacts"])):
            yield index, [self[f"contacts-{index}-{part}"] for part in CONTACT]

    @property
    def may_grow(self) -> dict[str, bool]:
        """What may be added."""
        shape = self.shape
        return {"groups": len(shape["groups"]) < MOST_GROUPS, "contacts": len(shape["contacts"]) < MOST_CONTACTS}

    def document(self) -> Document:
        """What was typed, with numbers where they could be read."""
        made = deepcopy(self.shape)
        for index, group in enumerate(made["groups"]):
            group["pause_seconds"] = self.cleaned_data.get(f"groups-{index}-pause_seconds", group["pause_seconds"])
        for name, checks in made["checks"].items():
            for index, check in enumerate(checks):
                for part in ("within_seconds", "port"):
                    if part in check:
                        check[part] = self.cleaned_data.get(f"checks-{name}-{index}-{part}", check[part])
        return made

    def accept_faults(self, refused: Invalid) -> None:
        """Each at its field; what is about a group, or about the whole, above the form."""
        for name, sentences in refused.errors.items():
            parts = name.removeprefix("document.").split(".")
            field = "-".join(parts)
            known = field if field in self.fields else None
            if known and known in self.errors:
                continue  # it could not even be read, and says so
            in_group = parts[0] == "groups" and len(parts) > 1 and not known
            before = _("Group %(number)s") % {"number": int(parts[1]) + 1} + ": " if in_group else ""
            for sentence in sentences:
                self.add_error(known, f"{before}{sentence}")


def _part_field(part: str, told: Mapping[str, Any]) -> forms.Field:
    plain = forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false"})
    if part == "port":
        label = _("Port of check %(number)s of “%(name)s”") % told
        return forms.IntegerField(label=label, min_value=1, max_value=65535)
    if part == "path":
        label = _("Path of the page in check %(number)s of “%(name)s”, such as /login") % told
        return forms.CharField(label=label, max_length=LONGEST_PATH, widget=plain)
    label = _("Text %(number)s that must appear on the console of “%(name)s”") % told
    return forms.CharField(label=label, max_length=200, widget=plain)


def _within(kind: str) -> str:
    labels = {
        "console": _("Within so many seconds, text %(number)s of “%(name)s”"),
        "agent": _("The agent of “%(name)s” answers within so many seconds"),
        "tcp": _("The port of check %(number)s of “%(name)s” is open within so many seconds"),
        "http": _("The page of check %(number)s of “%(name)s” comes within so many seconds"),
    }
    return labels[kind]


def _more_kinds(present: list[str]) -> list[str]:
    """An agent is asked once whether it is there; of what else its machine can be asked there may be several."""
    able = next(kinds for kinds in CHECKS_OF.values() if present[0] in kinds)
    found = [kind for kind in able if kind != "agent" or kind not in present]
    return found if len(present) < MOST_CHECKS else []


def initial_of(document: Document, version: int) -> dict[str, Any]:
    """The document in the form's fields."""
    found: dict[str, Any] = {"version": version, "notes": document["notes"]}
    for index, group in enumerate(document["groups"]):
        found[f"groups-{index}-pause_seconds"] = group["pause_seconds"]
        found |= {f"machines-{name}": index + 1 for name in group["machines"]}
        for place, action in enumerate(group["before"]):
            found |= {f"groups-{index}-before-{place}-{part}": action[part] for part in ACTION}
    for name, checks in document["checks"].items():
        for index, check in enumerate(checks):
            found |= {f"checks-{name}-{index}-{part}": value for part, value in check.items() if part != "kind"}
    for index, contact in enumerate(document["contacts"]):
        found |= {f"contacts-{index}-{part}": contact[part] for part in CONTACT}
    return found
