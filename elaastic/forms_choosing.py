"""Six questions that anybody can answer without looking anything up."""

from typing import Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from elaastic.levels.advice import QUESTIONS

_UNANSWERED: Final = {"required": gettext_lazy("Choose the answer that is nearest.")}

# question -> its words, and those of its answers in the order of `levels.advice.QUESTIONS`
WORDS: Final[dict[str, tuple[str | Promise, tuple[str | Promise, ...]]]] = {
    "population": (
        gettext_lazy("How many people live there?"),
        (
            gettext_lazy("Fewer than 1,000"),
            gettext_lazy("1,000 to 3,000"),
            gettext_lazy("3,000 to 15,000"),
            gettext_lazy("More than 15,000"),
        ),
    ),
    "staff": (
        gettext_lazy("Who looks after your computers?"),
        (
            gettext_lazy("Nobody in particular"),
            gettext_lazy("A supplier, when called"),
            gettext_lazy("One person of ours"),
            gettext_lazy("Several people of ours"),
        ),
    ),
    "servers": (
        gettext_lazy("What runs at the town hall?"),
        (
            gettext_lazy("No server: our programs are used over the Internet"),
            gettext_lazy("A server or a disk with shared files"),
            gettext_lazy("Virtual machines with our programs"),
        ),
    ),
    "downtime": (
        gettext_lazy("After a disaster, how long can you work without them?"),
        (
            gettext_lazy("Some weeks"),
            gettext_lazy("Some days"),
            gettext_lazy("A day at most"),
            gettext_lazy("A few hours at most"),
        ),
    ),
    "loss": (
        gettext_lazy("How much work can you afford to do again?"),
        (
            gettext_lazy("A week's"),
            gettext_lazy("A day's"),
            gettext_lazy("An hour's"),
            gettext_lazy("A few minutes'"),
        ),
    ),
    "server_room": (
        gettext_lazy("In what state are your machines and the room they stand in?"),
        (
            gettext_lazy("Good, or there are none"),
            gettext_lazy("Old: they have to be renewed in any case"),
        ),
    ),
}


class ChooseForm(forms.Form):
    """One field a question, none of them answered beforehand."""

    use_required_attribute = False

    population = forms.ChoiceField(widget=forms.RadioSelect, error_messages=_UNANSWERED)
    staff = forms.ChoiceField(widget=forms.RadioSelect, error_messages=_UNANSWERED)
    servers = forms.ChoiceField(widget=forms.RadioSelect, error_messages=_UNANSWERED)
    downtime = forms.ChoiceField(widget=forms.RadioSelect, error_messages=_UNANSWERED)
    loss = forms.ChoiceField(widget=forms.RadioSelect, error_messages=_UNANSWERED)
    server_room = forms.ChoiceField(widget=forms.RadioSelect, error_messages=_UNANSWERED)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, (question, answers) in WORDS.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.label = str(question)
            field.choices = list(zip(QUESTIONS[name], answers, strict=True))
