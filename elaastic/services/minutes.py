"""The minutes of drills as files: made once by a worker when a drill's end has been written down, and kept as they
were made, each with its SHA-256. How they look, `elaastic.views.minutes` says.
"""

import hashlib

from django.db.models import Count, Q, QuerySet

from elaastic.models import Drill, DrillMinutes
from provisioning.services.clock import now

# The languages that the portal speaks; a body has one file in each.
LANGUAGES = ("it", "en")


def without_minutes() -> QuerySet[Drill]:
    """Drills that have ended, and of which a file lacks; the oldest first."""
    ended = Drill.objects.filter(settled_at__isnull=False).select_related("subscription__authority", "asked_by")
    made = ended.annotate(made=Count("minutes", filter=~Q(minutes__sha256="")))
    return made.filter(made__lt=len(LANGUAGES)).prefetch_related("points").order_by("pk")


def keep(drill: Drill, language: str, pdf: bytes) -> None:
    """The first that was made stays; another worker's is thrown away."""
    told = {"pdf": pdf, "sha256": hashlib.sha256(pdf).hexdigest(), "at": now()}
    row, made = DrillMinutes.objects.get_or_create(drill=drill, language=language, defaults=told)
    if not made:
        DrillMinutes.objects.filter(pk=row.pk, sha256="").update(**told)


def note_impossible(drill: Drill) -> None:
    """Nothing here can make the files; the page says so, and a later look tries again."""
    for language in LANGUAGES:
        DrillMinutes.objects.get_or_create(drill=drill, language=language, defaults={"pdf": b"", "at": now()})
