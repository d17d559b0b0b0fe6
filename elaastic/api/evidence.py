"""`/operations/drills/{id}/evidence/{file}`: what a drill leaves behind, as files."""

import re
from typing import Any, Final
from uuid import UUID

from django.db.models.functions import Length
from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call

from elaastic.api.fields import Int32
from elaastic.api.subscriptions import READ
from elaastic.models import Drill, DrillMinutes
from elaastic.selectors.drills import drills_readable_by, minutes_of
from tenants.api.base import ApiView
from tenants.api.rendering import JsonRenderer
from tenants.api.schema import answers
from tenants.models.errors import NotFound

FILE: Final = OpenApiParameter(
    "file", {"type": "string", "pattern": "^minutes-(it|en)\\.pdf$"}, OpenApiParameter.PATH
)
_NAMED: Final = re.compile(r"minutes-(it|en)\.pdf")


class EvidenceShape(serializers.Serializer[Any]):
    """A file: its name for `/evidence/{file}`, its size in bytes and its SHA-256."""

    file = serializers.CharField()
    bytes = Int32()
    sha256 = serializers.CharField()


def evidence_shapes(drill: Drill) -> list[dict[str, Any]]:
    """What there is so far: nothing until a worker has made the minutes."""
    # The database counts them: no file is read to be told about.
    made = minutes_of([drill]).values_list("language", Length("pdf"), "sha256")
    return [{"file": f"minutes-{language}.pdf", "bytes": size, "sha256": sha} for language, size, sha in made]


class AnyPdf(JsonRenderer):
    """Lets a client say `Accept: application/pdf`. The file is sent as it is: only refusals come this way."""

    media_type = "application/pdf"
    format = "pdf"


class DrillEvidence(ApiView):
    """A drill's files."""

    policy = {"GET": READ}
    renderer_classes = (JsonRenderer, AnyPdf)

    @extend_schema(
        operation_id="drills_evidence",
        parameters=[FILE],
        responses={**answers({}, 404, 406), (200, "application/pdf"): OpenApiTypes.BINARY},
    )
    def get(self, request: Call, public_id: UUID, file: str) -> HttpResponseBase:
        """The minutes as an accessible PDF (PDF/UA-1), in Italian or in English."""
        found = self._minutes(public_id, file)
        disposition = f'attachment; filename="{found.filename}"'
        return HttpResponse(
            bytes(found.pdf), content_type="application/pdf", headers={"Content-Disposition": disposition}
        )

    def _minutes(self, public_id: UUID, file: str) -> DrillMinutes:
        named = _NAMED.fullmatch(file)
        mine = minutes_of(drills_readable_by(self.actor).filter(public_id=public_id))
        found = mine.filter(language=named[1] if named else "").first()
        if found is None:
            raise NotFound
        return found
