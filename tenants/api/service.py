"""`/status`, `/schema/` and `/docs/`: about the API itself."""

from typing import Any, ClassVar, Final

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.db import connection
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema, inline_serializer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import ApiView
from tenants.api.policy import PUBLIC, Policy
from tenants.api.schema import answers

# The viewer writes its own style elements; it is let do so here and nowhere else.
DOCS_CSP: Final = {"style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"]}


class Status(ApiView):
    """Does the service answer? For monitors that know no health check of ours."""

    policy = {"GET": PUBLIC}

    @extend_schema(
        operation_id="status_read",
        auth=[],
        responses=answers({200: inline_serializer("Status", {"status": serializers.CharField()})}),
    )
    def get(self, _request: Request) -> Response:
        """200 when the database answers; its failure becomes 503 on the way out."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return Response({"status": "ok"})


class Schema(SpectacularAPIView):
    """OpenAPI 3.1, from the code."""

    policy: ClassVar[Policy] = {"GET": PUBLIC}


@method_decorator(csp_update(DOCS_CSP), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Pages for people who write clients; the script comes from its own address, so none is inline."""

    policy: ClassVar[Policy] = {"GET": PUBLIC}
    url_name = "tenants-api:schema"
    url_self: Any = None
