"""Forms about bodies and people. They read what was typed; what it must satisfy the services know."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.models import SCOPES, AuthorityKind, DataClass, LocalAuthority
from tenants.models.errors import FieldErrors
from tenants.services.authorities import DETAILS, LONGEST_REASON, AuthorityDetails

PROVINCES: Final = (
    ("AN", "Ancona"), ("AP", "Ascoli Piceno"), ("FM", "Fermo"), ("MC", "Macerata"), ("PU", "Pesaro e Urbino"),
)  # fmt: skip


class JudgedForm(forms.Form):
    """A form whose service refuses field by field."""

    use_required_attribute = False

    def add_faults(self, errors: FieldErrors, otherwise: Any = "") -> None:
        """Each refusal beside its field; what belongs to none, or `otherwise`, above the form."""
        for told, sentences in errors.items():
            name = told.replace(".", "_")  # `seat.lat` to a client
            self.add_error(name if name in self.fields else None, [str(s) for s in sentences])
        if not errors and otherwise:
            self.add_error(None, str(otherwise))


class RegistrationForm(JudgedForm):
    """What a body says of itself, and who says it."""

    name = forms.CharField(
        label=_("Name of the body"), max_length=200, help_text=_("In full, for example: Comune di Ancona.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=AuthorityKind.choices)
    ipa_code = forms.CharField(
        label=_("Indice PA code"),
        max_length=30,
        help_text=_("On indicepa.gov.it, under the name of the body; for example c_a271."),
    )
    fiscal_code = forms.CharField(label=_("Fiscal code of the body"), max_length=11, help_text=_("Eleven digits."))
    istat_code = forms.CharField(
        label=_("ISTAT code"),
        max_length=6,
        required=False,
        help_text=_("Six digits for a Comune, three for a province."),
    )
    province = forms.ChoiceField(label=_("Province"), choices=PROVINCES)
    seat_address = forms.CharField(label=_("Address of the seat"), max_length=200)
    population = forms.IntegerField(label=_("Population"), required=False, min_value=0)
    data_class = forms.ChoiceField(
        label=_("Class of the data"),
        choices=DataClass.choices,
        help_text=_("As you classified them for the national cybersecurity agency; ordinary for most Comuni."),
    )
    pec = forms.EmailField(
        label=_("PEC address"),
        help_text=_(
            "The one in the Indice PA. A code arrives there: whoever reads the protocol's PEC tells it to you."
        ),
    )
    security_contact_name = forms.CharField(
        label=_("Security contact"),
        max_length=150,
        help_text=_("Whom we call, day or night."),
    )
    security_contact_phone = forms.CharField(label=_("Security contact's telephone"), max_length=30)
    security_contact_email = forms.EmailField(label=_("Security contact's e-mail"))
    contact_name = forms.CharField(label=_("Your name and surname"), max_length=150)
    contact_email = forms.EmailField(
        label=_("Your e-mail address at work"),
        help_text=_("Yours, not the office's: you will sign in with it once the region has said yes."),
    )

    def details(self) -> AuthorityDetails:
        """As the service wants them; only after `is_valid`."""
        told: Mapping[str, Any] = self.cleaned_data
        return AuthorityDetails(**{name: told[name] for name in DETAILS & set(told)})


class CodeForm(JudgedForm):
    """The code of the PEC mail."""

    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("Eight letters and digits, from the mail."))


class _Several(forms.ClearableFileInput):
    allow_multiple_selected = True


class PapersForm(JudgedForm):
    """Letters; which files, the view takes from the request."""

    papers = forms.FileField(
        label=_("Signed letter"),
        help_text=_("Up to three files of at most 5 MiB each: PDF, or P7M when it is signed digitally."),
        widget=_Several(attrs={"accept": ".pdf,.p7m", "multiple": True}),
        required=False,
    )


class AnswerForm(JudgedForm):
    """The region's words."""

    words = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=forms.Textarea({"rows": 4}))


class ReasonForm(JudgedForm):
    """Why an authority is suspended."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea({"rows": 4}),
        help_text=_(
            "Its people read it, on their first page and by mail. Say what has to happen, and whose move it is."
        ),
    )


class JoinForm(JudgedForm):
    """A new person's own account."""

    full_name = forms.CharField(label=_("Your name and surname"), max_length=150)
    password1 = forms.CharField(
        label=_("Password"),
        help_text=_("At least twelve characters, used nowhere else. A sentence is easier to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )
    password2 = forms.CharField(
        label=_("The password, once more"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def clean_password2(self) -> str:
        """The same twice."""
        again = str(self.cleaned_data["password2"])
        if self.cleaned_data.get("password1") not in (None, again):
            raise forms.ValidationError(_("The two passwords differ."))
        return again


class InviteForm(JudgedForm):
    """Whom to ask in."""

    email = forms.EmailField(label=_("E-mail address"), help_text=_("The person's own, at work."))
    role = forms.ChoiceField(
        label=_("Role"),
        choices=(
            ("viewer", _("Viewer: sees everything, changes nothing")),
            ("operator", _("Operator: asks, changes and collects credentials")),
            ("owner", _("Owner: also invites and ends access")),
        ),
        initial="operator",
        widget=forms.RadioSelect,
    )


class RoleForm(JudgedForm):
    """Another role."""

    role = InviteForm.base_fields["role"]


class RegionInviteForm(JudgedForm):
    """Whom to ask in to the region."""

    email = forms.EmailField(label=_("E-mail address"), help_text=_("The person's own, at work."))
    role = forms.ChoiceField(
        label=_("Role"),
        choices=(
            ("auditor", _("Auditor: reads everything, changes nothing")),
            ("operator", _("Operator: verifies authorities, looks after stacks")),
            ("approver", _("Approver: decides requests")),
            ("administrator", _("Administrator: gives roles")),
        ),
        initial="auditor",
        widget=forms.RadioSelect,
    )


class MandateForm(JudgedForm):
    """Who may act, as what, until when."""

    body = forms.ChoiceField(label=_("Who acts for you"))
    role = forms.ChoiceField(
        label=_("As what"),
        choices=(
            ("operator", _("Operator: asks, changes and collects credentials")),
            ("viewer", _("Viewer: sees everything, changes nothing")),
        ),
        initial="operator",
        widget=forms.RadioSelect,
    )
    until = forms.DateField(
        label=_("Until"),
        help_text=_("The mandate ends by itself with this day; three years ahead at most."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    letter = forms.CharField(
        label=_("Act that gives it"),
        max_length=200,
        required=False,
        help_text=_("For example: delibera n. 12 del 3/2/2026."),
    )

    def __init__(self, *args: Any, bodies: Iterable[LocalAuthority], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["body"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(b.public_id), f"{b.name} ({b.get_kind_display()})") for b in bodies]


class TokenForm(JudgedForm):
    """A token: what for, what it may, for how long."""

    name = forms.CharField(label=_("What it is for"), max_length=100, help_text=_("For example: nightly report."))
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=tuple(SCOPES.items()), widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what the program needs. A token never does more than the person or program may."),
    )  # fmt: skip
    authority = forms.ChoiceField(label=_("Only for"), required=False)
    days = forms.TypedChoiceField(
        label=_("How long it lives"),
        choices=((30, _("30 days")), (90, _("90 days")), (180, _("180 days")), (366, _("One year"))),
        coerce=int,
        initial=90,
    )

    def __init__(self, *args: Any, authorities: Iterable[LocalAuthority], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["authority"]
        assert isinstance(field, forms.ChoiceField)
        mine = [(str(a.public_id), a.name) for a in authorities]
        field.choices = [("", _("Everything that the holder may reach")), *mine]


class ServiceAccountForm(JudgedForm):
    """A program that calls the API."""

    name = forms.CharField(label=_("Name of the program"), max_length=150)
    place = forms.ChoiceField(label=_("Works for"))
    role = forms.ChoiceField(
        label=_("As what"),
        choices=(
            ("viewer", _("Viewer: sees everything, changes nothing")),
            ("operator", _("Operator: asks, changes and collects credentials")),
        ),
        initial="viewer",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, places: Iterable[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(places)


class TrailForm(forms.Form):
    """What of the trail is looked for: all of it is optional; what is left out narrows nothing."""

    use_required_attribute = False
    words = forms.CharField(label=_("Act, person or thing"), max_length=100, required=False)
    authority = forms.CharField(label=_("Authority"), max_length=100, required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
