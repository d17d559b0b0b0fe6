"""Asking for a restore test, and giving what came out of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from elaastic.forms import refuse_by_field
from elaastic.levels import Mode
from elaastic.models import CLEAR_TOOLS, Subscription, VerificationKind
from tenants.models.errors import Invalid

TOOLS = (
    ("rclone", "rclone"),
    ("s3cmd", "s3cmd"),
    ("awscli", "aws-cli"),
    ("restic", "restic"),
    ("other", gettext_lazy("Another program, or one that encrypts")),
)


class RestoreTestForm(forms.Form):
    """Of which archive, with which program."""

    use_required_attribute = False
    archive = forms.ChoiceField(label=gettext_lazy("Archive"))
    tool = forms.ChoiceField(
        label=gettext_lazy("The program that makes your copies"),
        choices=TOOLS,
        error_messages={"required": gettext_lazy("Choose one of the programs.")},
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, subscription: Subscription, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [archive["name"] for archive in subscription.terms.get("archives", ())]
        field = self.fields["archive"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in names]
        if not Mode.parse(subscription.mode).writes:
            # A proof file would need a copy.
            tools = self.fields["tool"]
            assert isinstance(tools, forms.ChoiceField)
            tools.choices = [(name, label) for name, label in TOOLS if name in CLEAR_TOOLS]

    def accept_faults(self, refused: Invalid) -> None:
        """Beside the fields that they are about."""
        refuse_by_field(self, refused)


class AnswerForm(forms.Form):
    """The sum, or the whole line with it."""

    use_required_attribute = False
    sha256 = forms.CharField(
        label=gettext_lazy("The SHA-256 that the command printed"),
        help_text=gettext_lazy("You may paste the whole line."),
        max_length=1000,
        error_messages={"required": gettext_lazy("Paste the SHA-256: 64 digits and letters from a to f.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def accept_faults(self, refused: Invalid) -> None:
        """Beside the field."""
        refuse_by_field(self, refused)


class VerificationsForm(forms.Form):
    """What of the ledger is looked for: all of it is optional; what is left out narrows nothing."""

    use_required_attribute = False
    words = forms.CharField(label=gettext_lazy("Authority or archive"), max_length=100, required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("Proof"),
        choices=[("", gettext_lazy("Any proof")), *VerificationKind.choices],
        required=False,
    )
    result = forms.ChoiceField(
        label=gettext_lazy("Result"),
        choices=[
            ("", gettext_lazy("Any result")),
            ("passed", gettext_lazy("Passed")),
            ("not_passed", gettext_lazy("Not passed")),
        ],
        required=False,
    )
    since = forms.DateField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    subscription = forms.UUIDField(required=False, widget=forms.HiddenInput)
