"""Who was advised toward programs as a service: what the region reads before it buys."""

from collections import Counter

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from elaastic.forms_choosing import WORDS
from elaastic.levels.advice import QUESTIONS
from elaastic.models import Interest
from elaastic.views.person import regional
from tenants.views.tables import csv_answer

_NEWEST = 500


@regional
def interest(request: HttpRequest) -> HttpResponseBase:
    """Authorities by name; of those who did not sign in, how often, by size. `?format=csv` for a spreadsheet."""
    known = Interest.objects.filter(authority__isnull=False).select_related("authority")[:_NEWEST]
    if request.GET.get("format") == "csv":
        head = [_("Authority"), _("Asked on"), *QUESTIONS]
        cells = [[r.authority, r.day.isoformat(), *(r.answers[q] for q in QUESTIONS)] for r in known]
        return csv_answer("interesse-saas.csv", head, cells)
    sizes: Counter[str] = Counter()
    for answers, times in Interest.objects.filter(authority=None).values_list("answers", "times"):
        sizes[answers["population"]] += times
    context = {
        "rows": [(r.authority, _answer("population", r), _answer("staff", r), r.day) for r in known],
        "unknown": [(_word("population", size), sizes[size]) for size in QUESTIONS["population"] if sizes[size]],
    }
    return render(request, "elaastic/interest.html", context)


def _answer(question: str, row: Interest) -> str:
    return _word(question, row.answers[question])


def _word(question: str, answer: str) -> str:
    return str(WORDS[question][1][QUESTIONS[question].index(answer)])
