"""Operations as the rest of the portal sees them: how far, what was found, how it ended. From rows alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from provisioning.domain.course import Course, Stage
from provisioning.domain.findings import Findings
from provisioning.models import Operation


@dataclass(frozen=True)
class OperationView:
    """`verdict` is "" while it is tried; `stage` is the present one; `trouble`: why a step is tried again."""

    key: str
    course: Course
    place: int
    stage: Stage | None
    found: Findings
    verdict: str
    reason: str
    message: str
    about: str
    trouble: str
    stopping: bool
    begun_at: datetime
    judged_at: datetime | None
    ended_at: datetime | None


def passed_keys() -> "QuerySet[Operation, str]":
    """Of all that passed, as a subquery."""
    return Operation.objects.filter(verdict=Operation.Verdict.PASSED).values_list("stack__key", flat=True)


def operations(keys: Iterable[str]) -> dict[str, OperationView]:
    """By key, in one query."""
    rows = Operation.objects.filter(stack__key__in=list(keys)).select_related("stack")
    return {row.stack.key: _view(row) for row in rows}


def _view(row: Operation) -> OperationView:
    course = Course.parse(row.course)
    stages = course.stages
    return OperationView(
        key=row.stack.key,
        course=course,
        place=row.place,
        stage=stages[row.place] if row.place < len(stages) else None,
        found=Findings.parse(row.found),
        verdict=row.verdict,
        reason=row.reason,
        message=row.message,
        about=row.about,
        trouble=row.trouble,
        stopping=row.stop_asked_at is not None,
        begun_at=row.begun_at,
        judged_at=row.judged_at,
        ended_at=row.ended_at,
    )
