"""Addresses for trying the frame alone: the login library, the error pages and a page of all the parts."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.urls import include, path
from django.utils import timezone
from django.views.generic import TemplateView

from tests.e2e.sample import SampleForm, sample_context


def parts(request: HttpRequest) -> HttpResponse:
    """Every shared fragment once, with a form that has been refused."""
    messages.success(request, "La richiesta è stata inviata.")
    messages.warning(request, "Il sito di Pesaro è quasi pieno.")
    messages.error(request, "La richiesta non è stata inviata.")
    messages.info(request, "Domenica il portale si ferma per un'ora.")
    form = SampleForm({"quota": "0", "protocols": [], "email": "no"})
    return render(request, "e2e/parts.html", {"form": form, **sample_context(timezone.now())})


def error(request: HttpRequest, name: str) -> HttpResponse:
    """An error page exactly as Django renders it when nothing is left: no request, no context."""
    return HttpResponse(loader.get_template(f"{name}.html").render())


urlpatterns = [
    path("", TemplateView.as_view(template_name="e2e/home.html"), name="home"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("allauth.urls")),
    path("parts/", parts, name="parts"),
    path("error/<slug:name>/", error, name="error"),
    *(
        path(f"{name}/", TemplateView.as_view(template_name=f"pages/{name}.html"), name=name)
        for name in ("privacy", "legal_notes", "accessibility", "contacts")
    ),
]
