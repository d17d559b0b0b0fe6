"""One page for every act that asks first: what follows from it, a button, and a way back."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise

from tenants.models.errors import DomainError
from tenants.views.person import sentence_of

Text = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`back` is the address where one comes from and goes to; `done` is said there afterwards."""

    title: Text
    lead: str
    consequence: Text
    label: Text
    done: Text
    back: str
    danger: bool = True


def confirm(request: HttpRequest, question: Question, act: Callable[[], object]) -> HttpResponse:
    """GET: the question. POST: the act, and its refusal on the same page."""
    problem, status = "", 200
    if request.method == "POST":
        try:
            act()
        except DomainError as refused:
            problem, status = sentence_of(refused), refused.status
        else:
            messages.success(request, str(question.done))
            return redirect(question.back)
    context = {"question": question, "problem": problem}
    return render(request, "tenants/confirm.html", context, status=status)
