"""The API with two views that break and the handlers that the portal's root has."""

from typing import Any, NoReturn

from django.db import OperationalError
from django.urls import include, path

from tenants.api.base import ApiView
from tenants.api.policy import PUBLIC


def breaks(_request: Any) -> NoReturn:
    raise RuntimeError("canary")


class ViewBreaks(ApiView):
    policy = {"GET": PUBLIC}

    def get(self, _request: Any) -> NoReturn:
        raise RuntimeError("canary")


class DatabaseAway(ApiView):
    policy = {"GET": PUBLIC}

    def get(self, _request: Any) -> NoReturn:
        raise OperationalError("canary")


urlpatterns = [
    path("rest/elaastic/v1/breaks/", breaks),
    path("rest/elaastic/v1/view-breaks/", ViewBreaks.as_view()),
    path("rest/elaastic/v1/database-away/", DatabaseAway.as_view()),
    path("rest/elaastic/v1/", include("tenants.api.urls")),
]
handler400 = "tenants.api.handlers.bad_request"
handler403 = "tenants.api.handlers.permission_denied"
handler404 = "tenants.api.handlers.not_found"
handler500 = "tenants.api.handlers.server_error"
