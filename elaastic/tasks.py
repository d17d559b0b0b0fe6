"""What a ring or the timetable starts, where it takes more than a service."""

import logging

from celery import shared_task

from elaastic.services import minutes, planning
from elaastic.views.minutes import CannotDraw, draw

log = logging.getLogger(__name__)
# A second or two each, beside the worker's other recurring work.
_MINUTES_AT_ONCE = 5


@shared_task(name="elaastic.tasks.make_plan")
def make_plan(request_id: int) -> None:
    """Make the plan of this request now."""
    planning.make_plan(request_id)


def make_minutes() -> None:
    """The files of drills that have ended since. Done twice, the first stays."""
    for drill in minutes.without_minutes()[:_MINUTES_AT_ONCE]:
        try:
            for language in minutes.LANGUAGES:
                minutes.keep(drill, language, draw(drill, language))
        except CannotDraw as error:
            log.warning("The minutes of drill %s cannot be made here: %s", drill.public_id, error)
            minutes.note_impossible(drill)
        except Exception:  # one that cannot be drawn keeps the others from nothing
            log.exception("The minutes of drill %s were not made; they are tried again.", drill.public_id)
