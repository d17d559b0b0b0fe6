"""`/healthz`: can this web process serve? It asks the database and nothing else.

The broker and the clouds are not asked: without them the portal still answers and nothing is lost.
"""

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse


def healthz(request: HttpRequest) -> JsonResponse:
    """200 `{"status": "ok"}`, or 503 when the database does not answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return JsonResponse({"status": "database unreachable"}, status=503, headers={"Retry-After": "5"})
    return JsonResponse({"status": "ok"})
