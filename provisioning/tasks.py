"""What a ring starts. An id in, a service called, nothing out."""

from celery import shared_task

from provisioning.services import sweep


@shared_task(name="provisioning.tasks.reconcile")
def reconcile(stack_id: int) -> None:
    """Look at this stack now."""
    sweep.reconcile_stack(stack_id)
