"""What a ring starts."""

from celery import shared_task

from elaastic.services import planning


@shared_task(name="elaastic.tasks.make_plan")
def make_plan(request_id: int) -> None:
    """Make the plan of this request now."""
    planning.make_plan(request_id)
