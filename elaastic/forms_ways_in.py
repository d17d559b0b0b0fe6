"""Forms for letting somebody in who cannot sign in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.forms import JudgedForm
from tenants.models import WayInKind


class OpenForm(JudgedForm):
    """What the first operator knows."""

    kind = forms.ChoiceField(
        label=_("What happened"),
        choices=(
            (WayInKind.EMERGENCY, _("Emergency: they need the key that restores, today")),
            (WayInKind.HAND_OVER, _("Hand-over: the owner has left, and a letter came by PEC")),
        ),
        widget=forms.RadioSelect,
    )
    person_name = forms.CharField(label=_("Name and surname of who is let in"), max_length=150)
    identified = forms.CharField(
        label=_("How you identified the person"),
        max_length=2000,
        help_text=_("For example: called back on the mayor's number that we knew, saw the identity card on video."),
        widget=forms.Textarea({"rows": 4}),
    )
    email = forms.EmailField(
        label=_("E-mail address of the new owner"), required=False, help_text=_("For a hand-over.")
    )
    letter = forms.CharField(
        label=_("Protocol number and date of the letter"),
        max_length=200,
        required=False,
        help_text=_("For a hand-over: the letter that came from the authority's PEC address."),
    )


class ConfirmForm(JudgedForm):
    """What the second operator found out alone."""

    identified = forms.CharField(
        label=_("How you identified the person, again and by yourself"),
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
    )


class HalvesForm(JudgedForm):
    """What the person was told by two operators."""

    ipa_code = forms.CharField(
        label=_("Indice PA code of your body"),
        max_length=30,
        help_text=_("The operator knows it."),
    )
    first = forms.CharField(label=_("First half of the code"), max_length=40)
    second = forms.CharField(label=_("Second half of the code"), max_length=40)
