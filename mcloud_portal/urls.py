"""Every address of the portal."""

from django.urls import include, path
from django.views.generic import TemplateView

from mcloud_portal.health import healthz

DOCUMENTS = ("privacy", "legal_notes", "accessibility", "contacts")

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    # Before the pages: an address is looked for from top to bottom, and a hundred patterns cost a call a third of a
    # millisecond.
    path("rest/elaastic/v1/", include("elaastic.api.urls")),
    path("rest/elaastic/v1/", include("tenants.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("allauth.urls")),
    path("", include("tenants.urls")),
    path("", include("elaastic.urls")),
    *(
        path(name.replace("_", "-"), TemplateView.as_view(template_name=f"pages/{name}.html"), name=name)
        for name in DOCUMENTS
    ),
]

# Under /rest/ these answer problem details; elsewhere the pages of templates/.
handler400 = "tenants.api.handlers.bad_request"
handler403 = "tenants.api.handlers.permission_denied"
handler404 = "tenants.api.handlers.not_found"
handler500 = "tenants.api.handlers.server_error"
