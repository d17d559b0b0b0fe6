"""What level 2 asks for beside level 1: the machines that shall start again, and how soon.

`machine-rows` is how many machines are on the page; a submit button adds or removes one, no script is needed.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.forms import INTERVALS, AskForm
from elaastic.forms_changing import ChangeForm
from elaastic.levels import LEVELS
from provisioning.selectors.region import systems

LEVEL: Final = 2
MOST_MACHINES: Final = 50
_MIB_OF_GIB: Final = 1024
NATURES: Final = {
    "stateful": gettext_lazy(
        "It keeps its own data, or is old: a file server, a database, a Windows machine. It starts on Proxmox."
    ),
    "stateless": gettext_lazy(
        "It keeps nothing of its own, or is modern, with drivers for a cloud: a web server, a name server. It "
        "starts on OpenStack."
    ),
}
DRILLS: Final = (
    (1, gettext_lazy("Every month")),
    (3, gettext_lazy("Every three months")),
    (6, gettext_lazy("Twice a year")),
    (12, gettext_lazy("Once a year")),
)
# part of a machine on the page -> what a new one has
_USUAL: Final[Mapping[str, Any]] = {
    "name": "", "nature": "", "vcpus": 2, "ram_gib": 4, "disk_gib": 100, "boot_group": 1, "interval": 168,
}  # fmt: skip
_WISHES: Final = ("lan", "images_in", "rpo_hours", "rto_hours", "drill_months")


class AskMachinesForm(AskForm):
    """The terms of level 2."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_machine_fields(self)

    def terms(self) -> dict[str, Any]:
        """What was typed, in the shape of the schema."""
        return {**super().terms(), **machine_terms(self)}

    @property
    def machine_rows(self) -> list[dict[str, Any]]:
        """Each machine on the page."""
        return rows_of_machines(self)


class ChangeMachinesForm(AskMachinesForm, ChangeForm):
    """The same for a subscription that stands, on level 2 already or about to step up."""


# Level -> its form. A level that is not here is asked for by API.
ASK_FORMS: Final[Mapping[int, type[AskForm]]] = {1: AskForm, LEVEL: AskMachinesForm}
CHANGE_FORMS: Final[Mapping[int, type[ChangeForm]]] = {1: ChangeForm, LEVEL: ChangeMachinesForm}


def add_machine_fields(form: AskForm) -> None:
    """As many machines as the page says, and what is wanted of them together."""
    natures = [(name, NATURES[name]) for name in NATURES if name in LEVELS[LEVEL].startable(systems())]
    for index in range(_count(form)):
        form.fields |= _machine_fields(index, natures)
    form.fields |= _wishes(form)


def _count(form: AskForm) -> int:
    return machine_count(form.data if form.is_bound else form.initial)


def machine_count(data: Mapping[str, Any]) -> int:
    """How many machines are on the page, as the page says."""
    asked = str(data.get("machine-rows", "1"))
    return max(1, min(MOST_MACHINES, int(asked))) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 1


def _machine_fields(index: int, natures: list[tuple[str, Any]]) -> dict[str, forms.Field]:
    number = {"number": index + 1}
    plain = {"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"}
    made: dict[str, forms.Field] = {
        "name": forms.CharField(
            label=_("Name of machine %(number)s") % number,
            help_text=_("3 to 30 small letters, digits and hyphens; its images lie under this name."),
            widget=forms.TextInput(attrs=plain),
        ),
        "nature": forms.ChoiceField(
            label=_("Kind of machine %(number)s") % number,
            choices=natures,
            widget=forms.RadioSelect,
        ),
        "vcpus": forms.IntegerField(
            label=_("Processors of machine %(number)s") % number, min_value=1, max_value=64
        ),
        "ram_gib": forms.DecimalField(
            label=_("Memory of machine %(number)s") % number,
            min_value=Decimal("0.25"),
            max_value=1024,
            decimal_places=2,
        ),
        "disk_gib": forms.IntegerField(
            label=_("Disk of machine %(number)s") % number,
            help_text=_("The largest of its disks, as the machine sees it."),
            min_value=1,
            max_value=8192,
        ),
        "boot_group": forms.IntegerField(
            label=_("Boot group of machine %(number)s") % number,
            help_text=_("Machines of group 1 start first; those of one group together."),
            min_value=1,
            max_value=20,
        ),
        "interval": forms.TypedChoiceField(
            label=_("How often an image of machine %(number)s arrives") % number, choices=INTERVALS, coerce=int
        ),
    }
    return {f"machine-{index}-{part}": field for part, field in made.items()}


def _wishes(form: AskForm) -> dict[str, forms.Field]:
    typed = form.data if form.is_bound else form.initial
    names = [str(typed.get(f"archive-{index}-name", "")) for index in range(form.archives)]
    archives = [
        (index, name or _("archive %(number)s") % {"number": index + 1}) for index, name in enumerate(names)
    ]
    return {
        "lan": forms.CharField(
            label=_("Addresses of the machines at home"),
            help_text=_("They keep them. A private network of 254 addresses, such as 192.168.1.0/24."),
            max_length=20,
        ),
        "images_in": forms.TypedChoiceField(
            label=_("Archive that receives the images"),
            help_text=_("One of the archives below, with its lock and its retention."),
            choices=archives,
            coerce=int,
        ),
        "rpo_hours": forms.IntegerField(
            label=_("How much work may be lost"),
            help_text=_("How old the newest image may be when everything starts again."),
            min_value=1,
            max_value=744,
        ),
        "rto_hours": forms.IntegerField(
            label=_("How long until everything runs again"),
            help_text=_("The drills measure it."),
            min_value=1,
            max_value=744,
        ),
        "drill_months": forms.TypedChoiceField(
            label=_("How often a drill is due"), choices=DRILLS, coerce=int, widget=forms.RadioSelect
        ),
    }


def rows_of_machines(form: AskForm) -> list[dict[str, Any]]:
    """{index, fields: (field, unit)} of each machine."""
    units = {"ram_gib": "GiB", "disk_gib": "GiB"}
    return [
        {"index": index, "fields": [(form[f"machine-{index}-{part}"], units.get(part, "")) for part in _USUAL]}
        for index in range(_count(form))
    ]


def machine_terms(form: AskForm) -> dict[str, Any]:
    """What was typed of the machines. Fields that could not be read are left out."""
    clean = form.cleaned_data
    found = {name: clean[name] for name in _WISHES if clean.get(name) not in (None, "")}
    if "images_in" in found:
        found["images_in"] = clean.get(f"archive-{found['images_in']}-name", "")
    return {**found, "machines": [_machine(clean, index) for index in range(_count(form))]}


def _machine(clean: Mapping[str, Any], index: int) -> dict[str, Any]:
    typed = {part: clean.get(f"machine-{index}-{part}") for part in _USUAL}
    ram, interval = typed.pop("ram_gib"), typed.pop("interval")
    made = {part: value for part, value in typed.items() if value not in (None, "")}
    more = {"expected_interval_hours": interval, "ram_mib": None if ram is None else int(ram * _MIB_OF_GIB)}
    return made | {name: value for name, value in more.items() if value is not None}


def machines_initial(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The machines of the terms in the form's fields; a first one to fill in where there are none yet."""
    machines = terms.get("machines", ())
    found: dict[str, Any] = {name: terms[name] for name in _WISHES if name in terms and name != "images_in"}
    names = [archive["name"] for archive in terms["archives"]]
    found["images_in"] = names.index(terms["images_in"]) if terms.get("images_in") in names else len(names) - 1
    for index, machine in enumerate(machines):
        found |= {f"machine-{index}-{part}": machine[part] for part in _USUAL if part in machine}
        found[f"machine-{index}-ram_gib"] = Decimal(machine["ram_mib"]) / _MIB_OF_GIB
        found[f"machine-{index}-interval"] = machine["expected_interval_hours"]
        found.setdefault(f"machine-{index}-boot_group", 1)
    if not machines:
        found |= {f"machine-0-{part}": value for part, value in _USUAL.items()}
    return {**found, "machine-rows": max(1, len(machines))}


def typed_machines(data: Mapping[str, Any], step: str = "") -> dict[str, Any]:
    """What stands in the fields, unjudged, one machine more or less; nothing where the page has no machines."""
    if "machine-rows" not in data:
        return {}
    rows = list(range(machine_count(data)))
    kept = [index for index in rows if f"remove-machine-{index}" != step] or [0]
    grows = step == "add-machine" and len(kept) < MOST_MACHINES
    found: dict[str, Any] = {name: data.get(name, "") for name in _WISHES}
    found["images_in"] = _after_removal(str(data.get("images_in", "0")), step)
    for place, index in enumerate(kept):
        found |= {f"machine-{place}-{part}": data.get(f"machine-{index}-{part}", "") for part in _USUAL}
    if grows:
        found |= {f"machine-{len(kept)}-{part}": value for part, value in _USUAL.items()}
    return {**found, "machine-rows": len(kept) + grows}


def _after_removal(chosen: str, step: str) -> str:
    """The place of the chosen archive when one before it goes."""
    gone = step.removeprefix("remove-")
    if not (gone.isdigit() and chosen.isdigit()) or gone == step or int(chosen) < int(gone):
        return chosen
    return "0" if chosen == gone else str(int(chosen) - 1)


def focus_of(step: str, data: Mapping[str, Any], archives: int) -> str:
    """The field to go on in after a button added something; '' after any other."""
    if step == "add":
        return f"archive-{archives - 1}-name"
    return f"machine-{machine_count(data)}-name" if step == "add-machine" else ""
