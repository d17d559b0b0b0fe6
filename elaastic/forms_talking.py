"""Words between the region and an authority about a request, and the terms that the region would approve."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from elaastic.forms import refuse_by_field
from tenants.models.errors import Invalid


class TalkForm(forms.Form):
    """One thing to say."""

    use_required_attribute = False
    text = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=2000,
        error_messages={"required": gettext_lazy("Write what you want to say.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class QuestionForm(TalkForm):
    """What the region wants to know."""

    text = forms.CharField(
        label=gettext_lazy("Your question"),
        help_text=gettext_lazy("The authority reads it, and its answer comes back to this page."),
        max_length=2000,
        error_messages={"required": gettext_lazy("Write what you want to say.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ReviewForm(TalkForm):
    """What an approver found of a failover, afterwards."""

    text = forms.CharField(
        label=gettext_lazy("What you found"),
        help_text=gettext_lazy(
            "Was it an emergency, did it go as it should, what is to be mended? The authority reads it."
        ),
        max_length=2000,
        error_messages={"required": gettext_lazy("Say what you found: the authority reads this.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class CounterForm(forms.Form):
    """Over the terms that were asked for; what is not here stays as it was asked."""

    use_required_attribute = False
    quota_gib = forms.IntegerField(label=gettext_lazy("Space"))
    retention_days = forms.IntegerField(label=gettext_lazy("How long earlier versions are kept"))
    note = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy(
            "The authority reads it beside your proposal, and accepts with one click or answers."
        ),
        max_length=2000,
        error_messages={"required": gettext_lazy("Say why: the authority reads this.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def terms(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What was asked for, with what was typed."""
        return {**asked, **{name: self.cleaned_data[name] for name in ("quota_gib", "retention_days")}}

    def accept_faults(self, refused: Invalid) -> None:
        """Put a service's faults beside the fields that they are about; the rest above the form."""
        refuse_by_field(self, refused)
