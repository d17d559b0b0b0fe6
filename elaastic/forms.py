"""Forms of the flow. They read what was typed; what it must satisfy stands in the level's schema."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from django import forms
from django.forms import BoundField
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisioning.selectors.region import protocols
from tenants.models import LocalAuthority
from tenants.models.errors import Invalid

MOST_ARCHIVES: Final = 20
# What is asked about each archive, in the order of the page; not every form asks all of it.
ARCHIVE_PARTS: Final = ("name", "interval", "immutability", "copies")
INTERVALS: Final = (
    (12, gettext_lazy("Twice a day")),
    (24, gettext_lazy("Every day")),
    (48, gettext_lazy("Every two days")),
    (168, gettext_lazy("Every week")),
    (744, gettext_lazy("Every month")),
)
IMMUTABILITY: Final = (
    ("none", gettext_lazy("No lock: earlier versions are kept all the same, for as long as you said above")),
    ("governance", gettext_lazy("Locked: only the region can lift the lock")),
    ("compliance", gettext_lazy("Absolute: nobody, the region included, can delete a copy before its time")),
)
# Beside S3, in the order of the page.
WAYS: Final = (
    ("sftp", gettext_lazy("SFTP: for programs that copy over SSH, such as WinSCP, FileZilla or a NAS")),
    ("webdav", gettext_lazy("WebDAV: for programs that open a network folder, such as Cyberduck")),
    ("swift", gettext_lazy("Swift: only for programs that ask for it; earlier versions come back another way")),
)
COPIES: Final = (
    (3, gettext_lazy("Three sites: the copies survive the loss of any one site")),
    (2, gettext_lazy("Two sites")),
)


# Of one archive.
COPIES_OF_ONE: Final = (
    (3, gettext_lazy("On three sites")),
    (2, gettext_lazy("On two sites")),
)
HELD_FOR_ALL: Final = gettext_lazy(
    "The archives share the space: it is held, and paid for, on as many sites as the most that any of them has."
)


class AskForm(forms.Form):
    """The terms of level 1, with some fields for each archive (`archive-0-name`, `archive-0-interval`, and
    `archive-0-copies` where there are several: what is chosen for all of them is all that one alone needs).

    `rows` is how many archives are on the page; a submit button adds or removes one, no script is needed.
    """

    use_required_attribute = False

    authority = forms.ChoiceField(label=gettext_lazy("Authority"))
    quota_gib = forms.IntegerField(
        label=gettext_lazy("Space"),
        help_text=gettext_lazy(
            "About twice the data that you protect: earlier and deleted versions take space too. "
            "For 250 GiB of data, ask for 500."
        ),
    )
    retention_days = forms.IntegerField(
        label=gettext_lazy("How long earlier versions are kept"),
        help_text=gettext_lazy(
            "A file that was changed or deleted can be restored for this long. Thirty days is usual."
        ),
    )
    immutability = forms.ChoiceField(
        label=gettext_lazy("Lock against deletion"), choices=IMMUTABILITY, widget=forms.RadioSelect
    )
    copies = forms.TypedChoiceField(
        label=gettext_lazy("Copies"),
        help_text=gettext_lazy("Each of these sites holds a whole copy, in a different town."),
        choices=COPIES,
        coerce=int,
        widget=forms.RadioSelect,
    )
    uplink_mbit = forms.IntegerField(
        label=gettext_lazy("How fast your line sends"),
        help_text=gettext_lazy("Only for the estimate: it tells how long the first copy takes."),
        required=False,
        min_value=1,
        max_value=100_000,
    )
    rows = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, authorities: Iterable[LocalAuthority], rows: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = self.offered()
        for name, label in WAYS:
            if name in offered:
                self.fields[f"way-{name}"] = forms.BooleanField(label=label, required=False)
        self.archives = max(1, min(MOST_ARCHIVES, rows))
        choices = [(str(a.public_id), a.name) for a in authorities]
        field = self.fields["authority"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        if len(choices) == 1:
            field.widget = forms.HiddenInput()
            self.initial.setdefault("authority", choices[0][0])
        for index in range(self.archives):
            self._add_archive(index)
        if self.archives > 1:
            self.fields["copies"].help_text = format_lazy("{} {}", self.fields["copies"].help_text, HELD_FOR_ALL)

    def _add_archive(self, index: int) -> None:
        number = {"number": index + 1}
        self.fields[f"archive-{index}-name"] = forms.CharField(
            label=_("Name of archive %(number)s") % number,
            help_text=_("3 to 30 small letters, digits and hyphens, for example “protocollo”."),
            widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"}),
        )
        self.fields[f"archive-{index}-interval"] = forms.TypedChoiceField(
            label=_("How often a copy arrives in archive %(number)s") % number,
            help_text=_("It will tell when a copy is late."),
            choices=INTERVALS,
            coerce=int,
            initial=24,
        )
        self._add_copies(index)

    def _add_copies(self, index: int) -> None:
        if self.archives == 1:
            return
        self.fields[f"archive-{index}-copies"] = forms.TypedChoiceField(
            label=_("Copies of archive %(number)s") % {"number": index + 1},
            choices=(("", _("As for all of them")), *COPIES_OF_ONE),
            coerce=int,
            empty_value=None,
            required=False,
        )

    @property
    def archive_rows(self) -> Iterator[tuple[int, list[BoundField]]]:
        """(index, its fields) of each archive on the page."""
        for index in range(self.archives):
            names = [f"archive-{index}-{part}" for part in ARCHIVE_PARTS]
            yield index, [self[name] for name in names if name in self.fields]

    def offered(self) -> Collection[str]:
        """The protocols that can be chosen today."""
        return protocols()

    @property
    def ways(self) -> list[BoundField]:
        """The protocols beside S3, to be ticked."""
        return [self[f"way-{name}"] for name, _label in WAYS if f"way-{name}" in self.fields]

    @property
    def may_grow(self) -> bool:
        """Another archive may be added."""
        return self.archives < MOST_ARCHIVES

    def terms(self) -> dict[str, Any]:
        """What was typed, in the shape of the schema. Fields that could not be read are left out."""
        clean = self.cleaned_data
        archives = [self._archive_terms(index) for index in range(self.archives)]
        plain = ("quota_gib", "retention_days", "immutability", "copies")
        chosen = ["s3", *(name for name, _label in WAYS if clean.get(f"way-{name}"))]
        found = {n: clean[n] for n in plain if clean.get(n) is not None}
        return {"archives": archives, "protocols": chosen, **found}

    def _archive_terms(self, index: int) -> dict[str, Any]:
        clean = self.cleaned_data
        copies = clean.get(f"archive-{index}-copies")
        return {
            "name": clean.get(f"archive-{index}-name", ""),
            "expected_interval_hours": clean.get(f"archive-{index}-interval", 24),
            **({"copies": copies} if copies else {}),
        }

    def accept_faults(self, refused: Invalid) -> None:
        """Put a service's faults beside the fields that they are about; the rest above the form."""
        refuse_by_field(self, refused)


def refuse_by_field(form: forms.Form, refused: Invalid) -> None:
    """Each fault at its field, or above the form when it is about none of them."""
    for name, sentences in refused.errors.items():
        field = _field_of(name)
        known = field if field in form.fields else None
        if (known and known in form.errors) or _says_so_itself(form, name):
            continue  # it could not even be read, and says so
        for sentence in sentences:
            form.add_error(known, str(sentence))


def _says_so_itself(form: forms.Form, name: str) -> bool:
    """A machine lacks what could not be read of it."""
    _root, _dot, place = name.partition("terms.machines.")
    return place.isdigit() and any(field.startswith(f"machine-{place}-") for field in form.errors)


def _field_of(name: str) -> str:
    """`terms.archives.0.name` → `archive-0-name`."""
    parts = name.removeprefix("terms.").split(".")
    if parts[0] == "machines" and len(parts) == 3:
        shown = {"ram_mib": "ram_gib", "expected_interval_hours": "interval"}
        return f"machine-{parts[1]}-{shown.get(parts[2], parts[2])}"
    if parts[0] != "archives" or len(parts) < 3:
        return parts[0]
    return f"archive-{parts[1]}-{'interval' if parts[2].startswith('expected') else parts[2]}"


def typed(data: Mapping[str, Any], rows: list[int]) -> dict[str, Any]:
    """What stands in the fields, unjudged, with only these archives: the page as it was, one row more or less."""
    plain = ("authority", "quota_gib", "retention_days", "immutability", "copies", "uplink_mbit")
    ways = {f"way-{name}": True for name, _label in WAYS if data.get(f"way-{name}")}
    kept: dict[str, Any] = {name: data.get(name, "") for name in plain} | ways
    for place, index in enumerate(rows):
        for part, usual in (("name", ""), ("interval", 24), ("immutability", "none"), ("copies", "")):
            kept[f"archive-{place}-{part}"] = data.get(f"archive-{index}-{part}", usual)
    return kept


class UnderstoodForm(forms.Form):
    """What can never be taken back is ticked, not scrolled past."""

    use_required_attribute = False
    understood = forms.BooleanField(
        label=gettext_lazy(
            "I have understood: until its time nobody can delete a copy, not even when the space is full"
        ),
        error_messages={"required": gettext_lazy("Tick this box, or go back and choose another lock.")},
    )


class ApproveForm(forms.Form):
    """The yes. The digest says which plan was read."""

    use_required_attribute = False
    plan_digest = forms.CharField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(
        label=gettext_lazy("Note for the authority"),
        help_text=gettext_lazy("The authority reads it."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RejectForm(forms.Form):
    """The no, with its reason."""

    use_required_attribute = False
    note = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The authority reads it: say what it should do instead."),
        max_length=2000,
        error_messages={"required": gettext_lazy("Say why: the authority reads this.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class AdoptForm(forms.Form):
    """Which object is this resource's."""

    use_required_attribute = False
    external_id = forms.CharField(
        label=gettext_lazy("Identifier of the object on the platform"),
        max_length=255,
        error_messages={"required": gettext_lazy("Write the identifier exactly as the platform shows it.")},
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"}),
    )
    certain = forms.BooleanField(
        label=gettext_lazy("I have looked at the platform: this object belongs to this resource"),
        error_messages={"required": gettext_lazy("Look at the platform first, then tick this box.")},
    )
