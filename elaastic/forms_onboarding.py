"""The sheet of authorities: a file first, and its own text again when it is confirmed."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy

# What the API takes as well.
MOST_BYTES: Final = 1024 * 1024


class SheetForm(forms.Form):
    """`text` is what the file held, or holds again from the page that showed it."""

    use_required_attribute = False
    sheet = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("As a spreadsheet saves it, in UTF-8; at most 500 authorities and 1 MiB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        required=False,
    )
    text = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def clean(self) -> dict[str, Any]:
        """The text, or the fault of the file."""
        told: dict[str, Any] = super().clean() or {}
        sheet = told.get("sheet")
        if sheet is None:
            if not told.get("text") and not self.errors:
                self.add_error("sheet", gettext_lazy("Choose a file."))
        elif sheet.size > MOST_BYTES:
            self.add_error("sheet", gettext_lazy("The file is larger than 1 MiB."))
        else:
            try:
                told["text"] = sheet.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("sheet", gettext_lazy("The file is not UTF-8: save it as “CSV UTF-8”."))
        return told
